/** Returns the sum for the Internet checksum, not yet folded or inverted. https://www.rfc-editor.org/rfc/rfc1071 */
export function sumWords(bytes: Buffer, start: number, end: number, sum = 0): number {
  let i = start
  for (; i + 1 < end; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number)
  if (i < end) sum += (bytes[i] as number) << 8
  return sum
}

export function toChecksum(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}
