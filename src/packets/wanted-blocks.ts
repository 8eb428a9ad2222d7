import { blockTypes } from './pcapng-block.ts'

/** Times of wanted packets, both included, in milliseconds since the epoch. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** Maximum length of a block of kcap's own files. */
export const maxBlockLength = 8 * 1024 * 1024
const headLength = 20

export interface WantedBlocks {
  /** Parts with wanted blocks, as pairs of start and end. */
  readonly parts: readonly (readonly [number, number])[]
  /** End of the last whole block. */
  readonly end: number
}

/**
 * Finds the wanted blocks in bytes that begin with a block: packets of a time range, and everything that is no packet. Reads little-endian blocks with
 * times in nanoseconds, as `pcapng-writer.ts` writes them. A part is no longer than `maxPartLength`, unless a single block is.
 * @throws {Error} when a block claims an impossible length
 */
export function findWantedBlocks(
  bytes: Buffer,
  range: TimeRange,
  maxPartLength = Number.POSITIVE_INFINITY,
): WantedBlocks {
  const parts: [number, number][] = []
  let at = 0
  let start = 0
  const finishPart = () => {
    if (at > start) parts.push([start, at])
  }
  while (bytes.length - at >= headLength) {
    const length = bytes.readUInt32LE(at + 4)
    if (length < 12 || length % 4 !== 0 || length > maxBlockLength)
      throw new Error(`the block at byte ${at} claims ${length} bytes`)
    if (at + length > bytes.length) break
    const isWanted = isInRange(bytes, at, range)
    if (!isWanted || at + length - start > maxPartLength) {
      finishPart()
      start = isWanted ? at : at + length
    }
    at += length
  }
  finishPart()
  return { parts, end: at }
}

function isInRange(bytes: Buffer, at: number, { fromMs, toMs }: TimeRange): boolean {
  if (bytes.readUInt32LE(at) !== blockTypes.enhancedPacket) return true
  const timeMs = readTimeMs(bytes, at)
  return timeMs >= fromMs && timeMs <= toMs
}

/**
 * Returns the time of an enhanced packet block, in whole milliseconds. A double does not hold its nanoseconds; 2^32 of them are 4294 ms and 967,296 ns.
 */
export function readTimeMs(bytes: Buffer, at: number): number {
  const upper = bytes.readUInt32LE(at + 12)
  return upper * 4294 + Math.floor((upper * 967_296 + bytes.readUInt32LE(at + 16)) / 1e6)
}

/** Yields the wanted blocks of a stream of chunks that are cut anywhere. */
export async function* selectBlocks(chunks: AsyncIterable<Buffer>, range: TimeRange): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const { parts, end } = findWantedBlocks(bytes, range)
    for (const [start, stop] of parts) yield bytes.subarray(start, stop)
    rest = bytes.subarray(end)
  }
}
