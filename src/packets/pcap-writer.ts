import {
  capturedBytesOf,
  type PacketBatch,
  type PacketRun,
  type PacketStreamHeader,
  packetRow,
} from '../base/packet.ts'
import { makeCopier } from './copy-bytes.ts'
import { fileHeaderLength, recordHeaderLength } from './pcap-layout.ts'
import { makeLinkTypeWord } from './pcap-link-type.ts'

/** Formats the file header of a nanosecond, little-endian pcap, version 2.4. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html */
export function formatPcapHeader(header: PacketStreamHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderLength)
  bytes.writeUInt32LE(0xa1b23c4d, 0)
  bytes.writeUInt16LE(2, 4)
  bytes.writeUInt16LE(4, 6)
  bytes.writeUInt32LE(header.snapLength, 16)
  bytes.writeUInt32LE(makeLinkTypeWord(header), 20)
  return bytes
}

/** Returns the length in bytes of what `writePcapRecords` writes. */
export function pcapRecordsLength(runs: readonly PacketRun[]): number {
  let length = 0
  for (const { batch, from, to } of runs) {
    length += (to - from) * recordHeaderLength + capturedBytesOf({ batch, from, to })
  }
  return length
}

/** Formats all packets of a batch as nanosecond pcap records, in one new buffer. */
export function formatPcapRecords(batch: PacketBatch): Buffer {
  const runs = [{ interfaceId: 0, batch, from: 0, to: batch.count }]
  const out = Buffer.allocUnsafe(pcapRecordsLength(runs))
  writePcapRecords(out, 0, runs)
  return out
}

/** Writes the packets as nanosecond pcap records, from `at` on. */
export function writePcapRecords(out: Buffer, at: number, runs: readonly PacketRun[]): void {
  const view = new DataView(out.buffer, out.byteOffset, out.length)
  const copier = makeCopier(out)
  for (const { interfaceId, batch, from, to } of runs) {
    const { bytes, rows } = batch
    copier.select(bytes, interfaceId)
    const end = to * packetRow.length
    for (let row = from * packetRow.length; row < end; row += packetRow.length) {
      const capturedLength = rows[row + packetRow.capturedLength] as number
      view.setUint32(at, rows[row + packetRow.seconds] as number, true)
      view.setUint32(at + 4, rows[row + packetRow.nanoseconds] as number, true)
      view.setUint32(at + 8, capturedLength, true)
      view.setUint32(at + 12, rows[row + packetRow.originalLength] as number, true)
      at += recordHeaderLength
      copier.copy(rows[row + packetRow.offset] as number, at, capturedLength)
      at += capturedLength
    }
  }
}
