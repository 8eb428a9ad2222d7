import type { PacketStreamHeader } from '../base/packet.ts'
import { maxCapturedLength } from './pcap-layout.ts'
import { parseLinkTypeWord } from './pcap-link-type.ts'

/** Encoding of the records after a file header. */
export interface RecordEncoding {
  readonly littleEndian: boolean
  readonly nanosecondsPerTick: number
  /** Offset of the captured length in a record's header, 8 or 12; the original length is at the other one. */
  readonly capturedAt: 8 | 12
  /** Whether a captured length above the original length means that the two are swapped. */
  readonly mayBeSwapped: boolean
}

type Magic = Pick<RecordEncoding, 'littleEndian' | 'nanosecondsPerTick'>

const magics = new Map<string, Magic>([
  ['d4c3b2a1', { littleEndian: true, nanosecondsPerTick: 1000 }],
  ['a1b2c3d4', { littleEndian: false, nanosecondsPerTick: 1000 }],
  ['4d3cb2a1', { littleEndian: true, nanosecondsPerTick: 1 }],
  ['a1b23c4d', { littleEndian: false, nanosecondsPerTick: 1 }],
])

/** Major version that DG/UX's tcpdump writes (543.0), with the lengths in the order of versions before 2.3. */
const dgux = 543

/** Reports whether a pcap may begin with these bytes, of which the first four count. */
export function couldBeMagic(start: Buffer): boolean {
  return [...magics.keys()].some((magic) => magic.startsWith(start.toString('hex', 0, 4)))
}

/**
 * Parses a file header of 24 bytes, which begin with a magic. Returns a text when libpcap refuses such a header.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html §4, libpcap's sf-pcap.c
 */
export function parsePcapHeader(bytes: Buffer): { header: PacketStreamHeader; encoding: RecordEncoding } | string {
  const magic = magics.get(bytes.toString('hex', 0, 4)) as Magic
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const major = view.getUint16(4, magic.littleEndian)
  const minor = view.getUint16(6, magic.littleEndian)
  if (!((major === 2 && minor <= 4) || (major === dgux && minor === 0)))
    return `the file header at byte 0 is of version ${major}.${minor}`
  const word = view.getUint32(20, magic.littleEndian)
  const link = parseLinkTypeWord(word)
  if (link === undefined) return `the link type at byte 20 has reserved bits: ${word.toString(16).padStart(8, '0')}`
  const snapLength = view.getUint32(16, magic.littleEndian) || maxCapturedLength
  return {
    header: { ...link, snapLength },
    encoding: {
      ...magic,
      // The lengths changed places in version 2.3, but some programs wrote that version with the old order.
      capturedAt: major === dgux || minor < 3 ? 12 : 8,
      mayBeSwapped: major === 2 && minor === 3,
    },
  }
}
