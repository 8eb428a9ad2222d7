import type { Broadcast, BroadcastReader } from '../output/broadcast.ts'
import type { ReaderFigures } from '../output/reader-queue.ts'

/** A reader of a shared capture, as it is reported. */
export interface SharedReader {
  /** Address and port: `10.0.0.9:51234`. */
  readonly address: string
  readonly figures: ReaderFigures
}

export interface ReaderEvent {
  readonly kind: 'joined' | 'left'
  readonly reader: SharedReader
  /** Number of readers from now on. */
  readonly readerCount: number
}

/** The readers of one shared capture, at most `maxReaders` at a time. */
export interface ReaderList {
  readonly isFull: boolean
  /** All readers that ever joined; of very many, the last ones. */
  readonly all: readonly SharedReader[]
  /** Sends the broadcast to a new reader. Settles when it has ended or the reader has left. `send` settles when the piece is on its way. */
  serve(address: string, connection: ReaderConnection): Promise<void>
}

export interface ReaderConnection {
  /** Sends a piece; rejects when the connection is gone. */
  send(piece: Buffer): Promise<void>
  /** Calls back once when the connection is gone. */
  onGone(callback: () => void): void
}

/** Maximum number of readers in the summary. */
const maxReported = 1_000

export function makeReaderList(
  broadcast: Broadcast,
  maxReaders: number,
  report: (event: ReaderEvent) => void,
): ReaderList {
  const current = new Set<BroadcastReader>()
  const all: SharedReader[] = []
  return {
    get isFull() {
      return current.size >= maxReaders
    },
    all,
    async serve(address, connection) {
      const joined = broadcast.join()
      const reader = { address, figures: joined.figures }
      current.add(joined)
      all.push(reader)
      if (all.length > maxReported) all.shift()
      report({ kind: 'joined', reader, readerCount: current.size })
      connection.onGone(joined.leave)
      try {
        for await (const piece of joined.pieces) await connection.send(piece)
      } catch {
        // The connection is gone, as `onGone` reports too.
      } finally {
        joined.leave()
        current.delete(joined)
        report({ kind: 'left', reader, readerCount: current.size })
      }
    },
  }
}
