const polynomial = 0x04c11db7
let table: Uint32Array | undefined

/** Returns the checksum that `cksum` prints first. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/cksum.html */
export function posixChecksum(bytes: Uint8Array): number {
  table ??= makeTable()
  let sum = 0
  for (const byte of bytes) sum = next(table, sum, byte)
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) sum = next(table, sum, length & 0xff)
  return ~sum >>> 0
}

function next(steps: Uint32Array, sum: number, byte: number): number {
  return (sum << 8) ^ (steps[((sum >>> 24) ^ byte) & 0xff] ?? 0)
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index << 24
    for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ polynomial : value << 1
    return value
  })
}
