import { createGunzip } from 'node:zlib'
import type { KcapError } from '../base/kcap-error.ts'
import { corruptCapture } from '../packets/capture-errors.ts'

/** First byte of gzip; no capture begins with it. */
const gzipFirstByte = 0x1f
/**
 * Size of the pieces to decompress. Deflate expands a byte to up to 1032 bytes, and the whole result of a piece is in memory at once, however hostile
 * it is.
 */
const pieceBytes = 4 * 1024
const outputChunkBytes = 64 * 1024
/** Amount of output that is handed over together, as with a plain stream. */
const maxWaitingBytes = 256 * 1024

export interface GunzippedChunks {
  /** Decompressed chunks; the generator never throws. After a failure it yields nothing more, but reads its source to the end. */
  readonly chunks: AsyncGenerator<readonly Buffer[]>
  /** Error `corrupt-capture` when the compressed stream is damaged; set together with the bytes before the damage. */
  readonly failure: KcapError | undefined
  /** Whether the stream ended in the middle of a member. */
  readonly isTorn: boolean
}

/**
 * Decompresses a stream of gzip members. A stream that is not gzip passes unchanged, since the remote host may have no gzip. Bytes are handed over as
 * soon as they arrive, even in the middle of a member. Nothing is read ahead of the reader.
 */
export function gunzipChunks(source: AsyncIterable<readonly Buffer[]>, sourceName: string): GunzippedChunks {
  let failure: KcapError | undefined
  let isTorn = false

  async function* gunzip(): AsyncGenerator<readonly Buffer[]> {
    let isPlain: boolean | undefined
    let inflater: Inflater | undefined
    let position = 0
    for await (const group of source) {
      if (failure !== undefined) continue
      isPlain ??= group[0]?.[0] !== gzipFirstByte
      if (isPlain) {
        yield group
        continue
      }
      inflater ??= makeInflater()
      for (const piece of cut(group)) {
        const problem = await inflater.push(piece)
        if (problem !== undefined) {
          failure = corruptCapture(`the compressed stream is damaged after byte ${position}: ${problem}`, sourceName)
          break
        }
        position += piece.length
        if (inflater.waitingBytes() >= maxWaitingBytes) yield inflater.take()
      }
      yield inflater.take()
    }
    if (inflater === undefined || failure !== undefined) return
    isTorn = (await inflater.end()) !== undefined
    yield inflater.take()
  }

  return {
    chunks: gunzip(),
    get failure() {
      return failure
    },
    get isTorn() {
      return isTorn
    },
  }
}

function* cut(chunks: readonly Buffer[]): Generator<Buffer> {
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes)
}

interface Inflater {
  /** Settles when the piece is used up; returns the problem with it. One call at a time. */
  push(piece: Buffer): Promise<string | undefined>
  /** Ends the input; returns the problem with its end. */
  end(): Promise<string | undefined>
  waitingBytes(): number
  /** Returns what has been decompressed since the last call. */
  take(): Buffer[]
}

function makeInflater(): Inflater {
  // Always flowing: when Node's own stream fails, it discards what waits in it. It can't flow beyond the piece it has.
  const stream = createGunzip({ chunkSize: outputChunkBytes })
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let problem: string | undefined
  let settle = () => {}
  stream.on('data', (chunk: Buffer) => {
    waiting.push(chunk)
    waitingBytes += chunk.length
  })
  stream.on('error', ({ message }) => {
    problem = message
    settle()
  })
  stream.on('end', () => {
    // Ended early: Node takes zeros after a member for padding.
    problem ??= stream.writableEnded ? undefined : 'no compressed data'
    settle()
  })
  const settled = (begin: () => void) =>
    new Promise<string | undefined>((resolve) => {
      settle = () => resolve(problem)
      begin()
    })
  return {
    push: (piece) => settled(() => stream.write(piece, () => settle())),
    end: () => settled(() => stream.end()),
    waitingBytes: () => waitingBytes,
    take() {
      const taken = waiting
      waiting = []
      waitingBytes = 0
      return taken
    },
  }
}
