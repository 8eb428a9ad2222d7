/** Wanted size of a piece for a reader: small pieces that wait are handed over together. */
const wantedBytes = 256 * 1024

/** Whole blocks of a stream, and the number of packets in them. */
export interface StreamPiece {
  readonly bytes: Buffer
  readonly packets: number
}

/** What one reader has got and lost. */
export interface ReaderFigures {
  readonly packets: number
  readonly bytes: number
  readonly lostPackets: number
}

/** The bounded queue of one reader. */
export interface ReaderQueue {
  readonly figures: ReaderFigures
  /** Adds packets; counts them as lost where there is no room. The next packets that fit carry a note of the number. */
  add(piece: StreamPiece): void
  /** Adds a block that the packets after it need, even beyond the limit; a reader so late that twice the limit does not hold it is ended. */
  addHeader(block: Buffer): void
  /** Yields what has been added, in pieces of whole blocks. A piece counts against the limit until the next one is asked for. */
  pieces(): AsyncGenerator<Buffer, void, undefined>
  /** Ends the pieces after what is queued. */
  end(): void
  /** Ends the pieces now. */
  abandon(): void
}

/** Makes a queue of `limitBytes`. `noteLoss` returns the same blocks with a note of this number of lost packets at the first packet. */
export function makeReaderQueue(
  limitBytes: number,
  noteLoss: (bytes: Buffer, lostPackets: number) => Buffer,
): ReaderQueue {
  const figures = { packets: 0, bytes: 0, lostPackets: 0 }
  let queue: StreamPiece[] = []
  let heldBytes = 0
  let unnoted = 0
  let hasEnded = false
  let isAbandoned = false
  /** Packets of the piece that is on its way. */
  let sending = 0
  let wake = () => {}

  const push = (piece: StreamPiece) => {
    queue.push(piece)
    heldBytes += piece.bytes.length
    wake()
  }
  const abandon = () => {
    // A reader that leaves before the end has what it wanted; one that is cut off after it has lost the rest.
    if (hasEnded && !isAbandoned) figures.lostPackets += queue.reduce((sum, { packets }) => sum + packets, sending)
    isAbandoned = true
    hasEnded = true
    queue = []
    wake()
  }
  /** Takes pieces up to the wanted size, at least one. */
  const take = (): StreamPiece => {
    let bytes = 0
    let packets = 0
    let count = 0
    for (const piece of queue) {
      if (count > 0 && bytes + piece.bytes.length > wantedBytes) break
      bytes += piece.bytes.length
      packets += piece.packets
      count += 1
    }
    const taken = queue.splice(0, count)
    const [first] = taken
    return first !== undefined && count === 1
      ? first
      : {
          bytes: Buffer.concat(
            taken.map((piece) => piece.bytes),
            bytes,
          ),
          packets,
        }
  }
  return {
    figures,
    add({ bytes, packets }) {
      if (hasEnded) return
      if (heldBytes + bytes.length > limitBytes) {
        figures.lostPackets += packets
        unnoted += packets
        return
      }
      const noted = unnoted > 0 ? noteLoss(bytes, unnoted) : bytes
      unnoted = 0
      push({ bytes: noted, packets })
    },
    addHeader(block) {
      if (hasEnded) return
      if (heldBytes + block.length > 2 * limitBytes) abandon()
      else push({ bytes: block, packets: 0 })
    },
    async *pieces() {
      while (!isAbandoned) {
        if (queue.length === 0) {
          if (hasEnded) return
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        const { bytes, packets } = take()
        sending = packets
        yield bytes
        if (isAbandoned) return
        sending = 0
        heldBytes -= bytes.length
        figures.bytes += bytes.length
        figures.packets += packets
      }
    },
    end() {
      hasEnded = true
      wake()
    },
    abandon,
  }
}
