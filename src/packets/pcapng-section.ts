/** Maximum length of a section header, libpcap's BT_SHB_INSANE_MAX; no real description of a section is longer. */
export const maxSectionHeaderLength = 1024 * 1024

const byteOrderMagic = 0x1a2b3c4d
const otherByteOrderMagic = 0x4d3c2b1a

/** Returns whether the section whose header is at `at` is little-endian; undefined when its byte order is neither. */
export function isLittleEndianSection(view: DataView, at: number): boolean | undefined {
  const magic = view.getUint32(at + 8, true)
  if (magic === byteOrderMagic) return true
  return magic === otherByteOrderMagic ? false : undefined
}

/**
 * Returns the version of a section that readers refuse; undefined when they accept it. Some programs write 1.2, which is 1.0.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §4.1
 */
export function findForeignVersion(view: DataView, at: number, littleEndian: boolean): string | undefined {
  const [major, minor] = [view.getUint16(at + 12, littleEndian), view.getUint16(at + 14, littleEndian)]
  return major === 1 && (minor === 0 || minor === 2) ? undefined : `${major}.${minor}`
}
