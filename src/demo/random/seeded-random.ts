import { createHash } from 'node:crypto'

/** Random numbers that are the same for the same seed. */
export interface SeededRandom {
  /** Returns an integer n with 0 ≤ n < limit. */
  integer(limit: number): number
  uint32(): number
  bytes(length: number): Buffer
  pick<T>(values: readonly T[]): T
}

/** Returns mulberry32, seeded with a hash of the words. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function makeSeededRandom(...words: readonly (string | number)[]): SeededRandom {
  let state = createHash('sha256').update(words.join('\0')).digest().readUInt32LE(0)
  const uint32 = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const integer = (limit: number) => Math.floor((uint32() / 0x1_0000_0000) * limit)
  return {
    uint32,
    integer,
    bytes(length) {
      const out = Buffer.allocUnsafe(length)
      for (let i = 0; i < length; i++) out[i] = uint32() & 0xff
      return out
    },
    pick<T>(values: readonly T[]): T {
      return values[integer(values.length)] as T
    },
  }
}

/** Returns a UUID v4 derived from the words. */
export function makeUid(...words: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(words.join('\0')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Returns 64 hex digits, the form of container and exec ids. */
export function makeHexId(...words: readonly (string | number)[]): string {
  return createHash('sha256').update(words.join('\0')).digest('hex')
}
