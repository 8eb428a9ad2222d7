import { makeReaderQueue, type ReaderFigures, type ReaderQueue, type StreamPiece } from './reader-queue.ts'

/** Default maximum number of bytes that wait for one reader. */
const defaultQueueBytes = 16 * 1024 * 1024

/** One reader of a broadcast. */
export interface BroadcastReader {
  readonly figures: ReaderFigures
  /** Yields the header so far, then what is published from now on, in pieces of whole blocks. Ends with the broadcast. */
  readonly pieces: AsyncGenerator<Buffer, void, undefined>
  /** Ends the pieces now: the reader is gone. */
  leave(): void
}

/**
 * A stream that any number of readers join and leave while it runs. Nobody waits for a reader: what does not fit into its bounded queue is lost for
 * this reader alone, and the next packets that it gets carry a note of the number.
 */
export interface Broadcast {
  /** Publishes the section header or an interface, which every later reader gets first. */
  publishHeader(block: Buffer): void
  /**
   * Publishes names or secrets, which later readers get after the interfaces: the newest, when there are too many. They wait for the next packets,
   * because old readers want all interfaces first.
   */
  publishNames(block: Buffer): void
  /** Publishes packets. All readers share the bytes, which must not change any more. */
  publish(piece: StreamPiece): void
  /** Number of readers. With none, packets need not be published. */
  readonly readerCount: number
  join(): BroadcastReader
  /** Ends the stream: readers get what is queued for them, and nothing more. */
  end(): void
}

export interface BroadcastOptions {
  readonly queueBytes?: number | undefined
  /** Maximum number of bytes of names and secrets for later readers. */
  readonly namesBytes: number
  /** Returns the same blocks with a note of this number of lost packets at the first packet. */
  readonly noteLoss: (bytes: Buffer, lostPackets: number) => Buffer
}

export function makeBroadcast({ queueBytes, namesBytes, noteLoss }: BroadcastOptions): Broadcast {
  const header: Buffer[] = []
  const names = makeNewest(namesBytes)
  const waiting = makeNewest(namesBytes)
  const queues = new Set<ReaderQueue>()
  let hasEnded = false
  const publishWaiting = () => {
    for (const block of waiting.takeAll()) {
      names.add(block)
      for (const queue of queues) queue.addHeader(block)
    }
  }
  return {
    publishHeader(block) {
      header.push(block)
      for (const queue of queues) queue.addHeader(block)
    },
    publishNames: waiting.add,
    publish(piece) {
      publishWaiting()
      for (const queue of queues) queue.add(piece)
    },
    get readerCount() {
      return queues.size
    },
    join() {
      const queue = makeReaderQueue(queueBytes ?? defaultQueueBytes, noteLoss)
      for (const block of [...header, ...names.all()]) queue.addHeader(block)
      if (hasEnded) queue.end()
      else queues.add(queue)
      const leave = () => {
        queues.delete(queue)
        queue.abandon()
      }
      return { figures: queue.figures, pieces: queue.pieces(), leave }
    },
    end() {
      publishWaiting()
      hasEnded = true
      for (const queue of queues) queue.end()
    },
  }
}

/** Returns a list of blocks that keeps the newest `maxBytes` of them. */
function makeNewest(maxBytes: number) {
  let blocks: Buffer[] = []
  let bytes = 0
  return {
    add(block: Buffer) {
      blocks.push(block)
      bytes += block.length
      while (bytes > maxBytes) bytes -= blocks.shift()?.length ?? 0
    },
    all: (): readonly Buffer[] => blocks,
    takeAll(): readonly Buffer[] {
      const taken = blocks
      blocks = []
      bytes = 0
      return taken
    },
  }
}
