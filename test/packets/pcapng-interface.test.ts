import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeBlockFormat, readPcapng } from '../support/pcapng-blocks.ts'

const little = makeBlockFormat(true)
const big = makeBlockFormat(false)

/** The time of a packet of an interface with the given options, or without them. */
function readTime(ticks: bigint, format: typeof little, resolution?: number, offsetSeconds?: bigint) {
  const options = [
    ...(resolution === undefined ? [] : [format.option(9, Buffer.of(resolution))]),
    format.option(0x8888, Buffer.alloc(7)),
    ...(offsetSeconds === undefined ? [] : [format.option(14, format.long(offsetSeconds))]),
  ]
  const { reader, packets } = readPcapng([
    format.section(),
    format.interface(1, 0, ...options),
    format.enhanced(0, ticks, Buffer.of(1)),
  ])
  return reader.failure?.message ?? [packets[0]?.seconds, packets[0]?.nanoseconds]
}

test.each([
  { resolution: undefined, ticks: 1_700_000_000_123_456n, time: [1_700_000_000, 123_456_000] },
  { resolution: 6, ticks: 1_700_000_000_999_999n, time: [1_700_000_000, 999_999_000] },
  { resolution: 9, ticks: 1_700_000_000_999_999_999n, time: [1_700_000_000, 999_999_999] },
  { resolution: 9, ticks: 1_700_000_001_000_000_000n, time: [1_700_000_001, 0] },
  { resolution: 0, ticks: 1_700_000_000n, time: [1_700_000_000, 0] },
  { resolution: 3, ticks: 1_700_000_000_007n, time: [1_700_000_000, 7_000_000] },
  { resolution: 12, ticks: 1_700_000_000_123_456_789n, time: [1_700_000, 123_456] },
  { resolution: 0x80 | 10, ticks: 1_700_000_000n * 1024n + 256n, time: [1_700_000_000, 250_000_000] },
  { resolution: 0x80 | 32, ticks: (1_700_000_000n << 32n) + 0x8000_0000n, time: [1_700_000_000, 500_000_000] },
])('a timestamp of resolution $resolution is $time', ({ resolution, ticks, time }) => {
  expect(readTime(ticks, little, resolution)).toEqual(time)
  expect(readTime(ticks, big, resolution)).toEqual(time)
})

test('a 64-bit timestamp of any resolution and offset is exact to the nanosecond below it, or is refused', () => {
  const maxTicks = 2n ** 64n - 1n
  const anyTicks = fc.oneof(
    fc.bigInt({ min: 0n, max: maxTicks }),
    // Where a rounded quotient would be one second off.
    fc
      .tuple(fc.bigInt({ min: 1n, max: 18_446_744_073n }), fc.constantFrom(-1n, 0n, 1n), fc.constantFrom(6n, 9n))
      .map(([seconds, step, resolution]) => seconds * 10n ** resolution + step),
  )
  fc.assert(
    fc.property(
      anyTicks,
      fc.oneof(fc.constantFrom(6, 7, 8, 9), fc.nat(255)),
      fc.oneof(fc.bigInt({ min: -(2n ** 35n), max: 2n ** 35n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      fc.boolean(),
      (ticks, resolution, offset, isLittle) => {
        const exponent = BigInt(resolution & 0x7f)
        const ticksPerSecond = resolution < 0x80 ? 10n ** exponent : 2n ** exponent
        const nanoseconds = ((ticks % ticksPerSecond) * 1_000_000_000n) / ticksPerSecond
        const seconds = ticks / ticksPerSecond + offset
        const isKept = seconds >= 0n && (seconds + 1n) * 1_000_000_000n <= 2n ** 64n
        expect(readTime(ticks, isLittle ? little : big, resolution, offset)).toEqual(
          isKept
            ? [Number(seconds), Number(nanoseconds)]
            : expect.stringMatching(/: the packet at byte \d+ has a time before 1970 or after 2554$/),
        )
      },
    ),
    { numRuns: 1000 },
  )
})

test('the time offset of an interface moves its packets by its seconds, also backwards', () => {
  expect(readTime(5_000_001n, big, 6, 1_700_000_000n)).toEqual([1_700_000_005, 1000])
  expect(readTime(1_700_000_000_000_000_000n, little, 9, -3600n)).toEqual([1_699_996_400, 0])
})

test('an interface has its link type, snap length, frame check sequence, name, description and filter; unspecified ones are undefined', () => {
  const { reader } = readPcapng([
    big.section(),
    big.interface(
      276,
      96,
      big.option(2, Buffer.from('eth0')),
      big.option(13, Buffer.of(32)),
      big.option(11, Buffer.from('\0port 80')),
      big.option(3, Buffer.from('Büro\0\0')),
      big.option(0, Buffer.alloc(0)),
      Buffer.alloc(4, 0xff),
    ),
    big.interface(1, 0),
  ])
  expect(reader.interfaces).toEqual([
    { linkType: 276, snapLength: 96, fcsBits: 32, name: 'eth0', description: 'Büro', filter: 'port 80' },
    { linkType: 1, snapLength: 262_144, name: undefined, description: undefined, filter: undefined },
  ])
})

test('an interface name of thousands of bytes is truncated at the end of a character', () => {
  const name = Buffer.from('é'.repeat(10_000)).subarray(1)
  const { reader } = readPcapng([
    little.section(),
    little.interface(1, 0, little.option(2, Buffer.from('é'.repeat(10_000))), little.option(3, name)),
    little.interface(1, 0, little.option(2, Buffer.alloc(1000, 0x80))),
  ])
  expect(reader.interfaces[0]?.name).toBe('é'.repeat(128))
  expect(reader.interfaces[0]?.description).toBe(`\ufffd${'é'.repeat(127)}`)
  expect(reader.interfaces[1]?.name).toBeUndefined()
})

test('statistics come from the last block of an interface, over all sections', () => {
  const { reader } = readPcapng([
    little.section(),
    little.interface(),
    little.statistics(0, little.option(4, little.long(1n)), little.option(5, little.long(2n))),
    big.section(),
    big.interface(),
    big.interface(),
    big.statistics(1, big.option(4, big.long(3n)), big.option(5, big.long(4n))),
    big.statistics(1, big.option(2, Buffer.alloc(8)), big.option(5, big.long(2n ** 40n))),
    big.statistics(7, big.option(4, big.long(9n))),
  ])
  expect(reader.failure).toBeUndefined()
  expect(reader.statistics).toEqual([
    { received: 1, dropped: 2 },
    { received: undefined, dropped: undefined },
    { received: undefined, dropped: 2 ** 40 },
  ])
})
