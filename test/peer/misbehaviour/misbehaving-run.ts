import type { ExecHandlers } from '../../../src/demo/exec/exec-handlers.ts'
import type { ExecSocket } from '../../../src/demo/exec/exec-socket.ts'
import { runExec } from '../../../src/demo/exec/run-exec.ts'
import { makeMisbehavingCapture } from './misbehaving-capture.ts'
import type { MisbehaviourBook } from './misbehaviour.ts'

/** Returns how programs run whose pods misbehave: with noise, at another rate, by another clock, with spoilt streams. */
export function makeMisbehavingRun(book: MisbehaviourBook): ExecHandlers['run'] {
  return async (io, settings, pod) => {
    const misbehaviour = book.of(pod)
    const { stderrText, stderrBytes, clockOffsetMs = 0 } = misbehaviour
    if (stderrText !== undefined) await io.writeStderr(stderrText)
    if (stderrBytes !== undefined) await writeNoise(io, stderrBytes)
    return await runExec(io, {
      ...settings,
      environment: {
        ...settings.environment,
        packetsPerSecond: misbehaviour.packetsPerSecond ?? settings.environment.packetsPerSecond,
        nowMs: () => Date.now() + clockOffsetMs,
        streamCapture: makeMisbehavingCapture(misbehaviour),
      },
    })
  }
}

async function writeNoise(io: ExecSocket, byteCount: number): Promise<void> {
  const line = `${'warning: this is noise on standard error '.repeat(24)}\n`.repeat(32)
  for (let written = 0; written < byteCount && !io.isGone(); written += line.length)
    await io.writeStderr(line.slice(0, byteCount - written))
}
