import type { FileHandle } from 'node:fs/promises'
import { blockTypes } from '../packets/pcapng-block.ts'
import { frameBytes } from '../share/recording-protocol.ts'

/** Times of wanted packets, both included, in milliseconds since the epoch. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** Whole blocks that follow each other in a file. */
export interface FoundBlocks {
  readonly offset: number
  readonly bytes: Buffer
}

export interface ScanOptions {
  readonly file: FileHandle
  /** Start of the first block to read. */
  readonly offset: number
  /** Length of the file; a block that is cut there is left out, because it is still being written. */
  readonly size: number
  readonly range: TimeRange
}

const readBytes = 1024 * 1024
const headLength = 20
/** Maximum length of a block of kcap's own files. */
const maxBlockLength = 8 * 1024 * 1024

/**
 * Yields the blocks of a file that kcap wrote: packets of a time range, and everything that is no packet. Reads little-endian blocks with times in
 * nanoseconds, as `packets/pcapng-writer.ts` writes them.
 */
export async function* scanBlocks({ file, offset, size, range }: ScanOptions): AsyncGenerator<FoundBlocks> {
  let position = offset
  let want = readBytes
  while (position < size) {
    const chunk = Buffer.allocUnsafe(Math.min(want, size - position))
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
    const bytes = chunk.subarray(0, bytesRead)
    let at = 0
    let runStart = 0
    const take = (end: number): FoundBlocks | undefined =>
      end > runStart ? { offset: position + runStart, bytes: bytes.subarray(runStart, end) } : undefined
    while (bytes.length - at >= headLength) {
      const length = bytes.readUInt32LE(at + 4)
      if (length < 12 || length % 4 !== 0 || length > maxBlockLength)
        throw new Error(`the block at byte ${position + at} claims ${length} bytes`)
      if (at + length > bytes.length) break
      const isWanted = isInRange(bytes, at, range)
      if (!isWanted || at + length - runStart > frameBytes) {
        const found = take(at)
        if (found !== undefined) yield found
        runStart = isWanted ? at : at + length
      }
      at += length
    }
    const found = take(at)
    if (found !== undefined) yield found
    // The end of the file, or a block longer than what is read at once.
    if (at === 0 && bytes.length < want) return
    want = at === 0 ? want * 2 : readBytes
    if (want > 2 * maxBlockLength) throw new Error(`the block at byte ${position} is too long`)
    position += at
  }
}

function isInRange(bytes: Buffer, at: number, { fromMs, toMs }: TimeRange): boolean {
  if (bytes.readUInt32LE(at) !== blockTypes.enhancedPacket) return true
  const timeMs = readTimeMs(bytes, at)
  return timeMs >= fromMs && timeMs <= toMs
}

/** Returns the time of an enhanced packet block. */
function readTimeMs(bytes: Buffer, at: number): number {
  return (bytes.readUInt32LE(at + 12) * 2 ** 32 + bytes.readUInt32LE(at + 16)) / 1e6
}

/** Returns the time of the first packet; undefined when there is none in the first megabytes. */
export async function findFirstTimeMs(file: FileHandle, size: number): Promise<number | undefined> {
  const bytes = Buffer.allocUnsafe(Math.min(size, maxBlockLength))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
  for (let at = 0; at + headLength <= bytesRead; ) {
    if (bytes.readUInt32LE(at) === blockTypes.enhancedPacket) return readTimeMs(bytes, at)
    const length = bytes.readUInt32LE(at + 4)
    if (length < 12) return undefined
    at += length
  }
  return undefined
}
