import { monotonicClock } from '../base/clock.ts'
import { exitCodes } from '../base/error-codes.ts'
import { toKcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import { printable, printableJson } from '../base/printable.ts'
import { formatStreamName, type StreamName } from '../base/target.ts'
import { openPacketStream } from '../share/open-packet-stream.ts'
import { toStreamError } from '../share/stream-error.ts'

/** Time to wait for the description of the packets. */
const patienceMs = 5_000

/** What a reader of a stream would find. */
interface StreamExamination {
  /** Without its token: `kcaps://10.0.0.7:7443`. */
  readonly target: string
  readonly state: 'readable' | 'waiting' | 'failed'
  readonly text: string
  readonly hints: readonly string[]
}

/** Runs `kcap doctor` for streams: connects, and reports whether they can be read. Returns the exit code. */
export async function examineStreams(
  names: readonly StreamName[],
  isJson: boolean,
  signal: AbortSignal,
): Promise<number> {
  const found = await Promise.all(names.map((name) => examineStream(name, signal)))
  signal.throwIfAborted()
  const text = isJson ? `${printableJson(found, 2)}\n` : found.map(formatStream).join('')
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()))
  return found.every(({ state }) => state !== 'failed') ? exitCodes.done : exitCodes.cannotConnect
}

async function examineStream(name: StreamName, signal: AbortSignal): Promise<StreamExamination> {
  const target = formatStreamName(name)
  const startedMs = monotonicClock.nowMs()
  const { signal: deadline, unlink } = linkSignals(signal, AbortSignal.timeout(patienceMs))
  let isConnected = false
  const notes = { takeNames: () => {}, takeTlsSecrets: () => {}, taken: async () => {} }
  try {
    const source = await openPacketStream(name, { notes, signal: deadline, onWaiting: () => (isConnected = true) })
    const tookMs = Math.round(monotonicClock.nowMs() - startedMs)
    source.kill()
    // Nothing ends before it is read.
    for await (const _ of source.batches);
    const { origin, linkType, snapLength } = source.header
    const what = origin === undefined ? '' : ` of "${origin.name}"`
    const text = `has packets${what}, link type ${linkType}, snap length ${snapLength}; took ${tookMs} ms`
    return { target, state: 'readable', text, hints: [] }
  } catch (error) {
    if (isConnected && deadline.aborted)
      return { target, state: 'waiting', text: 'is connected, and has described no packets yet', hints: [] }
    const isLate = deadline.aborted && !signal.aborted
    const late = Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
    const { message, hints } = isLate ? toStreamError(name, late) : toKcapError(error)
    return { target, state: 'failed', text: message, hints }
  } finally {
    unlink()
  }
}

function formatStream({ target, state, text, hints }: StreamExamination): string {
  const line = state === 'failed' ? `!! ${text}` : `ok ${target} ${text}`
  return `${[line, ...hints.map((hint) => `     hint: ${hint}`)].map(printable).join('\n')}\n`
}
