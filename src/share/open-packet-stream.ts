import { monotonicClock } from '../base/clock.ts'
import type { KcapError } from '../base/kcap-error.ts'
import type { PacketBatch } from '../base/packet.ts'
import type { PacketSource, SourceEnd } from '../base/packet-source.ts'
import { formatStreamName, type StreamName } from '../base/target.ts'
import { makeCaptureReader } from '../packets/capture-reader.ts'
import type { StreamNotes } from '../packets/stream-notes.ts'
import { type ConnectOptions, connectStream } from './connect-stream.ts'
import { streamError } from './stream-error.ts'

/** Options of a stream. The signal aborts the opening; `stop` ends an open source. */
export interface StreamOptions extends ConnectOptions {
  /** Takes names and secrets of the stream. */
  readonly notes: StreamNotes
  /** Called when the stream is open but has not described its packets yet. */
  readonly onWaiting: () => void
}

/** Time after which the session reports that the stream has not begun. */
const patienceMs = 3_000
const interfaceNames = {
  kcaps: 'shared',
  tcp: 'stream',
  unix: 'stream',
  recorder: 'recorded',
  store: 'stored',
} as const
const unknownStatistics = { captured: undefined, received: undefined, dropped: undefined }

/**
 * Reads a stream that another program offers. Resolves when it has described its packets, however long that takes: a capture that is shared may still
 * wait for its first pod, and a PCAP-over-IP server for its first packet.
 * @throws {KcapError} stream-unreachable, stream-certificate, stream-refused, not-a-capture, corrupt-capture — when it can't be read
 */
export async function openPacketStream(name: StreamName, options: StreamOptions): Promise<PacketSource> {
  const { notes, signal, onWaiting } = options
  const label = formatStreamName(name)
  const connection = await connectStream(name, options)
  const reader = makeCaptureReader(label, notes)
  const first: PacketBatch[] = []
  const timer = setTimeout(onWaiting, patienceMs)
  signal.addEventListener('abort', connection.close)
  if (signal.aborted) connection.close()
  try {
    while (reader.header === undefined) {
      const { value, done } = await connection.chunks.next()
      if (done === true) {
        signal.throwIfAborted()
        throw (await connection.ended) ?? streamError('not-a-capture', name, 'it ended before it described a packet')
      }
      first.push(...value.flatMap((chunk) => reader.push(chunk)))
      await notes.taken()
      if (reader.header === undefined && reader.failure !== undefined) throw reader.failure
    }
  } catch (error) {
    connection.close()
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', connection.close)
  }

  let finish: (end: SourceEnd) => void = () => {}
  const ended = new Promise<SourceEnd>((resolve) => {
    finish = resolve
  })
  let isStopping = false

  async function* readBatches(): AsyncGenerator<readonly PacketBatch[]> {
    yield first
    let heardMs = monotonicClock.nowMs()
    for await (const chunks of connection.chunks) {
      heardMs = monotonicClock.nowMs()
      yield chunks.flatMap((chunk) => reader.push(chunk))
      await notes.taken()
      // Unread chunks would keep the connection open.
      if (reader.failure !== undefined) connection.close()
    }
    const error = reader.failure ?? (isStopping ? undefined : explainEnd(await connection.ended))
    finish({ statistics: unknownStatistics, error, heardMs })
  }

  function explainEnd(failure: KcapError | undefined): KcapError | undefined {
    if (failure !== undefined || reader.pendingLength === 0) return failure
    return streamError('corrupt-capture', name, 'the stream ended in the middle of a packet')
  }

  return {
    name: label,
    interfaceName: interfaceNames[name.protocol],
    header: reader.header,
    command: '',
    batches: readBatches(),
    ended,
    stop() {
      isStopping = true
      connection.close()
    },
    kill: connection.close,
  }
}
