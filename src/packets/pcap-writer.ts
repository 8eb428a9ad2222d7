import type { PacketBatch, PacketStreamHeader } from '../base/packet.ts'
import { copyBytes } from './copy-bytes.ts'

const fileHeaderLength = 24
const recordHeaderLength = 16

/** File header of a nanosecond, little-endian pcap, version 2.4. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html */
export function formatPcapHeader(header: PacketStreamHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderLength)
  bytes.writeUInt32LE(0xa1b23c4d, 0)
  bytes.writeUInt16LE(2, 4)
  bytes.writeUInt16LE(4, 6)
  bytes.writeUInt32LE(header.snapLength, 16)
  bytes.writeUInt32LE(header.linkType, 20)
  return bytes
}

/** Length in bytes of what `writePcapRecords` writes. */
export function pcapRecordsLength(batch: PacketBatch): number {
  let length = batch.count * recordHeaderLength
  for (let i = 0; i < batch.count; i++) length += batch.capturedLengths[i] as number
  return length
}

/** The packets as nanosecond pcap records, in one new buffer. */
export function formatPcapRecords(batch: PacketBatch): Buffer {
  const out = Buffer.allocUnsafe(pcapRecordsLength(batch))
  writePcapRecords(out, 0, batch)
  return out
}

/** Writes the packets as nanosecond pcap records, from `at` on. */
export function writePcapRecords(out: Buffer, at: number, batch: PacketBatch): void {
  for (let i = 0; i < batch.count; i++) {
    const capturedLength = batch.capturedLengths[i] as number
    out.writeUInt32LE(batch.seconds[i] as number, at)
    out.writeUInt32LE(batch.nanoseconds[i] as number, at + 4)
    out.writeUInt32LE(capturedLength, at + 8)
    out.writeUInt32LE(batch.originalLengths[i] as number, at + 12)
    at += recordHeaderLength
    copyBytes(batch.bytes, batch.offsets[i] as number, out, at, capturedLength)
    at += capturedLength
  }
}
