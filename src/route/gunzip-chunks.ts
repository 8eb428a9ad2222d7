import { createGunzip } from 'node:zlib'
import type { KcapError } from '../base/kcap-error.ts'
import { corruptCapture } from '../packets/capture-errors.ts'

/** No capture begins with it. */
const gzipFirstByte = 0x1f
/** Deflate makes up to 1032 bytes of one: what a piece becomes is in memory at once, however hostile it is. */
const pieceBytes = 4 * 1024
const outputChunkBytes = 64 * 1024
/** So much of the output is handed over together, as of a plain stream. */
const maxWaitingBytes = 256 * 1024

export interface GunzippedChunks {
  /** Ends, never throws. After a failure it gives nothing more, but reads what it is made of to its end. */
  readonly chunks: AsyncGenerator<readonly Buffer[]>
  /** `corrupt-capture` when the compressed stream is damaged. It comes with the bytes before it. */
  readonly failure: KcapError | undefined
  /** Whether it ended in the middle of a member. */
  readonly isTorn: boolean
}

/**
 * Decompresses the chunks of a stream that is a row of gzip members; one that is not gzip comes as it is, since the remote side may have no
 * gzip. What has come is handed over at once, also in the middle of a member. Nothing is read ahead of the reader.
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
  /** Settles when the piece has been used up; returns what is wrong with it. One at a time. */
  push(piece: Buffer): Promise<string | undefined>
  /** Returns what is missing at the end. */
  end(): Promise<string | undefined>
  waitingBytes(): number
  /** What has been decompressed since the last time. */
  take(): Buffer[]
}

function makeInflater(): Inflater {
  // Flowing all the time: Node's own would throw away what waits in it when it fails. It can't flow further than the piece it has.
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
    // Before its time: zeros follow a member, which Node takes for padding.
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
