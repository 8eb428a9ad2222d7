import { parseBlocks } from './packets.ts'

/** Times of the enhanced packet blocks of a pcapng, in nanoseconds and in their order. */
export function readBlockTimes(bytes: Buffer): bigint[] {
  return parseBlocks(bytes).flatMap(({ type, body }) =>
    type === 6 ? [(BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8))] : [],
  )
}
