import { type PacketBatch, packetRow } from '../base/packet.ts'

/** Returns the length of all captured packets of a batch. */
export function sumCapturedLengths({ rows, count }: PacketBatch): number {
  let sum = 0
  for (let at = packetRow.capturedLength; at < count * packetRow.length; at += packetRow.length)
    sum += rows[at] as number
  return sum
}
