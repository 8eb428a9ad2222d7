import type { PacketStreamHeader } from '../base/packet.ts'

const linkTypeMask = 0xffff
/** Reserved bits that libpcap 1.10.5 and later refuse; the bit above them is reserved too, but no libpcap checks it. */
const reservedMask = 0x03ff_0000
const hasFcsLength = 0x0400_0000
const fcsLengthShift = 28
/** The FCS length is a count of 16-bit units. */
const bitsPerUnit = 16

/** Link type word of a pcap: the link type, and in its upper bits the length of the frame check sequence (draft §4.1). */
type LinkTypeWord = Pick<PacketStreamHeader, 'linkType' | 'fcsBits'>

/** Parses a link type word; returns undefined when a reserved bit is set. */
export function parseLinkTypeWord(word: number): LinkTypeWord | undefined {
  if ((word & reservedMask) !== 0) return undefined
  const linkType = word & linkTypeMask
  return (word & hasFcsLength) === 0 ? { linkType } : { linkType, fcsBits: (word >>> fcsLengthShift) * bitsPerUnit }
}

/** Returns the link type word; it has no place for a length that is not a multiple of 16 bits. */
export function makeLinkTypeWord({ linkType, fcsBits }: LinkTypeWord): number {
  const units = (fcsBits ?? Number.NaN) / bitsPerUnit
  if (!Number.isInteger(units) || units > 15) return linkType
  return (linkType | hasFcsLength | (units << fcsLengthShift)) >>> 0
}
