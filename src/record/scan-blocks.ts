import type { FileHandle } from 'node:fs/promises'
import { blockTypes } from '../packets/pcapng-block.ts'
import { findWantedBlocks, maxBlockLength, readTimeMs, type TimeRange } from '../packets/wanted-blocks.ts'
import { frameBytes } from '../share/recording-protocol.ts'

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

/**
 * Yields the wanted blocks of a file.
 * @throws {Error} when a block claims an impossible length
 */
export async function* scanBlocks({ file, offset, size, range }: ScanOptions): AsyncGenerator<FoundBlocks> {
  let position = offset
  let want = readBytes
  while (position < size) {
    const chunk = Buffer.allocUnsafe(Math.min(want, size - position))
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
    const bytes = chunk.subarray(0, bytesRead)
    const { parts, end } = findWantedBlocks(bytes, range, frameBytes)
    for (const [start, stop] of parts) yield { offset: position + start, bytes: bytes.subarray(start, stop) }
    // The end of the file, or a block longer than what is read at once.
    if (end === 0 && bytes.length < want) return
    want = end === 0 ? Math.min(want * 2, maxBlockLength) : readBytes
    position += end
  }
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
