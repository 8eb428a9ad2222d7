import { capturedLength, type PacketBatch, type PacketStreamHeader, packetRow } from '../base/packet.ts'
import { makeCopier } from './copy-bytes.ts'

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
  for (let i = 0; i < batch.count; i++) length += capturedLength(batch, i)
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
  const { rows } = batch
  const copy = makeCopier(batch.bytes, out)
  const view = new DataView(out.buffer, out.byteOffset, out.length)
  const end = batch.count * packetRow.length
  for (let row = 0; row < end; row += packetRow.length) {
    const capturedLength = rows[row + packetRow.capturedLength] as number
    view.setUint32(at, rows[row + packetRow.seconds] as number, true)
    view.setUint32(at + 4, rows[row + packetRow.nanoseconds] as number, true)
    view.setUint32(at + 8, capturedLength, true)
    view.setUint32(at + 12, rows[row + packetRow.originalLength] as number, true)
    at += recordHeaderLength
    copy(rows[row + packetRow.offset] as number, at, capturedLength)
    at += capturedLength
  }
}
