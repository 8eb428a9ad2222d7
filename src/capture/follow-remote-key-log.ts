import { randomUUID } from 'node:crypto'
import { makeKeyLogReader } from '../packets/key-log.ts'
import { makeSupervisedArgv } from '../remote/supervised-argv.ts'
import type { Route } from '../route/route.ts'
import { readOutput } from './read-output.ts'
import { startSupervised } from './supervised-program.ts'

/** Time limit of the start. Packets wait for it, and the ssh program may prompt for a login meanwhile. */
const beginTimeoutMs = 120_000

export interface FollowRemoteKeyLogOptions {
  readonly path: string
  /** Takes whole lines; the next lines are read when its promise has settled. */
  readonly take: (lines: string) => Promise<void>
  /** Called once the file is being followed. */
  readonly onBegun: () => void
  /** Stops it. */
  readonly signal: AbortSignal
}

/**
 * Follows a key log file at the end of a route, even if the file does not exist yet. Settles when the remote program has ended too. Returns why no
 * more lines will arrive; undefined after a stop.
 */
export async function followRemoteKeyLog(
  route: Route,
  { path, take, onBegun, signal }: FollowRemoteKeyLogOptions,
): Promise<string | undefined> {
  const argv = makeSupervisedArgv({
    captureId: randomUUID(),
    sudo: 'none',
    ownStream: { kind: 'elsewhere' },
    filter: '',
    network: { kind: 'here' },
    compression: 'none',
    // For GNU and busybox: prints from the first line, and follows the name through rotation.
    programs: [['tail', '-n', '+1', '-F', path]],
  })
  const program = await startSupervised(route.start, argv, signal)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    program.kill()
  }, beginTimeoutMs)
  void program.begun.then(() => clearTimeout(timer)).then(onBegun)
  signal.addEventListener('abort', program.stop, { once: true })
  if (signal.aborted) program.stop()
  const reader = makeKeyLogReader()
  for await (const chunks of readOutput(program)) {
    const lines = chunks.map((chunk) => reader.push(chunk)).join('')
    if (lines !== '' && !signal.aborted) await take(lines)
  }
  const exit = await program.ended
  if (signal.aborted) return undefined
  if (isLate) return `it has not begun within ${beginTimeoutMs / 1000} s`
  if (program.said.missing !== undefined) return 'there is no "tail"'
  return exit.kind === 'exited'
    ? (program.said.lines.at(-1) ?? `tail ended with exit code ${exit.code}`)
    : exit.error.message
}
