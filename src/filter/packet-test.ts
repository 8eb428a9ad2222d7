import { type Offset, type Packet, readNumber, toBytes, withBytes } from './packet.ts'

/** Test of a filter, or of a part of it, on a packet. */
export interface PacketTest {
  /** Returns whether the packet passes; undefined if it is too short for what libpcap's code reads, which rejects it. */
  passes(packet: Packet): boolean | undefined
  /** Yields packets near this one that pass, or that do not. */
  aim(packet: Packet, wanted: boolean, search: Search): Iterable<Packet>
}

export interface Search {
  triesLeft: number
}

/** Returns a test without parts. `propose` returns packets near the given one, from which the test picks the wanted ones. */
export function makeTest(passes: PacketTest['passes'], propose: (packet: Packet) => Iterable<Packet>): PacketTest {
  return {
    passes,
    *aim(packet, wanted, search) {
      if (passes(packet) === wanted) yield packet
      for (const near of propose(packet)) {
        if (search.triesLeft-- <= 0) return
        if (passes(near) === wanted) yield near
      }
    },
  }
}

export function negate(test: PacketTest): PacketTest {
  return {
    passes: (packet) => {
      const answer = test.passes(packet)
      return answer === undefined ? undefined : !answer
    },
    aim: (packet, wanted, search) => test.aim(packet, !wanted, search),
  }
}

export function allOf(...tests: readonly PacketTest[]): PacketTest {
  return joinTests('and', tests)
}

export function anyOf(...tests: readonly PacketTest[]): PacketTest {
  return joinTests('or', tests)
}

export function joinTests(operator: 'and' | 'or', tests: readonly PacketTest[]): PacketTest {
  const [only] = tests
  if (tests.length === 1 && only !== undefined) return only
  const isAnd = operator === 'and'
  const passes = (packet: Packet): boolean | undefined => {
    for (const test of tests) {
      const answer = test.passes(packet)
      if (answer !== isAnd) return answer
    }
    return isAnd
  }
  function* aimAtAll(packet: Packet, wanted: boolean, search: Search, index: number): Iterable<Packet> {
    const test = tests[index]
    if (test === undefined) {
      yield packet
      return
    }
    for (const near of test.aim(packet, wanted, search)) {
      if (search.triesLeft-- <= 0) return
      // Keep the results that earlier parts need.
      if (tests.slice(0, index).every((part) => part.passes(near) === wanted))
        yield* aimAtAll(near, wanted, search, index + 1)
    }
  }
  return {
    passes,
    *aim(packet, wanted, search) {
      if (passes(packet) === wanted) yield packet
      if (wanted === isAnd) yield* aimAtAll(packet, wanted, search, 0)
      else for (const test of tests) yield* test.aim(packet, wanted, search)
    },
  }
}

/** Numbers from `low` to `high`, under a mask. */
export interface NumberRange {
  readonly low: number
  readonly high?: number
  readonly mask?: number
}

/** Returns the test for a number of one, two or four bytes. */
export function testNumber(
  offset: Offset,
  size: 1 | 2 | 4,
  { low, high = low, mask = 0xffffffff }: NumberRange,
): PacketTest {
  return makeTest(
    (packet) => {
      const value = readNumber(packet, offset(packet), size)
      if (value === undefined) return undefined
      const masked = (value & mask) >>> 0
      return masked >= low && masked <= high
    },
    function* propose(packet) {
      const position = offset(packet)
      const kept = (readNumber(packet, position, size) ?? 0) & ~mask
      for (const value of [low, high, (low + high) >>> 1, low - 1, high + 1, 0, 0xffffffff])
        yield withBytes(packet, position, toBytes((kept | (value & mask)) >>> 0, size))
    },
  )
}

/** Returns the test for an address under a mask. */
export function testBytes(offset: Offset, bytes: readonly number[], mask: readonly number[]): PacketTest {
  const length = mask.findLastIndex((byte) => byte !== 0) + 1
  const other = bytes.map((byte) => byte ^ 0xff)
  return makeTest(
    (packet) => {
      const position = offset(packet)
      if (length === 0) return true
      if (position + length > packet.frame.length) return undefined
      for (let i = 0; i < length; i++)
        if (((packet.frame[position + i] ?? 0) & (mask[i] ?? 0)) !== bytes[i]) return false
      return true
    },
    (packet) => [bytes, other].map((value) => withBytes(packet, offset(packet), value)),
  )
}
