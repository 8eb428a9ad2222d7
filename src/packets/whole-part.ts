import { fileHeaderLength, recordHeaderLength } from './pcap-layout.ts'
import { blockTypes } from './pcapng-block.ts'

/** Whole blocks or records at the beginning of bytes that were cut off somewhere. */
export interface WholePart {
  readonly bytes: number
  readonly packets: number
}

/** Finds the whole little-endian pcapng blocks. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §3.1 */
export function findWholeBlocks(part: Buffer): WholePart {
  let bytes = 0
  let packets = 0
  while (bytes + 8 <= part.length) {
    const length = part.readUInt32LE(bytes + 4)
    if (bytes + length > part.length) break
    if (part.readUInt32LE(bytes) === blockTypes.enhancedPacket) packets += 1
    bytes += length
  }
  return { bytes, packets }
}

/** Finds the whole little-endian pcap records, after the file header if the part is the beginning of the file. */
export function findWholeRecords(part: Buffer, isBeginning: boolean): WholePart {
  let bytes = isBeginning ? fileHeaderLength : 0
  if (bytes > part.length) return { bytes: 0, packets: 0 }
  let packets = 0
  while (bytes + recordHeaderLength <= part.length) {
    const length = recordHeaderLength + part.readUInt32LE(bytes + 8)
    if (bytes + length > part.length) break
    packets += 1
    bytes += length
  }
  return { bytes, packets }
}
