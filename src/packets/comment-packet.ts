import { blockTypes, formatOptions, makeTextOption, optionCodes, padded } from './pcapng-block.ts'

/** Offset of the packet's bytes in an enhanced packet block. */
const packetOffset = 28
/** Length of the end of options, which `formatOptions` writes. */
const endOfOptionsLength = 4

/**
 * Returns little-endian blocks with a comment at their first packet, in addition to comments that it has; without a packet, the blocks themselves.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §4.3, §3.5
 */
export function commentFirstPacket(blocks: Buffer, comment: string): Buffer {
  for (let at = 0; at + 12 <= blocks.length; at += blocks.readUInt32LE(at + 4)) {
    if (blocks.readUInt32LE(at) !== blockTypes.enhancedPacket) continue
    const length = blocks.readUInt32LE(at + 4)
    const end = at + length
    const optionsAt = at + packetOffset + padded(blocks.readUInt32LE(at + 20))
    const option = formatOptions([makeTextOption(optionCodes.comment, comment)])
    // The packet's own options bring the end of options with them.
    const added = optionsAt === end - 4 ? option : option.subarray(0, -endOfOptionsLength)
    const longer = Buffer.concat([blocks.subarray(0, optionsAt), added, blocks.subarray(optionsAt)])
    longer.writeUInt32LE(length + added.length, at + 4)
    longer.writeUInt32LE(length + added.length, end + added.length - 4)
    return longer
  }
  return blocks
}
