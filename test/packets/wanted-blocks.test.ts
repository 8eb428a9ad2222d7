import { expect, test } from 'vitest'
import { findWantedBlocks, selectBlocks } from '../../src/packets/wanted-blocks.ts'
import { makeBlockFormat } from '../support/pcapng-blocks.ts'
import { readBlockTimes } from '../support/pcapng-times.ts'

const { section, interface: describe, enhanced, statistics } = makeBlockFormat(true)
const packetAt = (ms: number) => enhanced(0, BigInt(ms) * 1_000_000n, Buffer.alloc(100))
const file = Buffer.concat([section(), describe(), ...[1, 2, 3, 4, 5].map(packetAt), statistics(0)])

async function* cutInto(size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size)
}

test.each([1, 17, 300, 10_000])(
  'in chunks of %i bytes, the packets of a time and all other blocks remain',
  async (size) => {
    const found: Buffer[] = []
    for await (const bytes of selectBlocks(cutInto(size), { fromMs: 2, toMs: 4 })) found.push(bytes)
    const bytes = Buffer.concat(found)
    expect(readBlockTimes(bytes)).toEqual([2_000_000n, 3_000_000n, 4_000_000n])
    expect(bytes.length).toBe(file.length - 2 * packetAt(1).length)
  },
)

test('a part is no longer than asked for, unless a block is', () => {
  const { parts, end } = findWantedBlocks(file, { fromMs: 0, toMs: 9 }, 300)
  expect(end).toBe(file.length)
  expect(Math.max(...parts.map(([from, to]) => to - from))).toBeLessThanOrEqual(300)
  expect(parts.map(([from]) => from).slice(1)).toEqual(parts.map(([, to]) => to).slice(0, -1))
})

test('a block with an impossible length is an error', () => {
  const broken = Buffer.from(file)
  broken.writeUInt32LE(13, section().length + 4)
  expect(() => findWantedBlocks(broken, { fromMs: 0, toMs: 9 })).toThrow('claims 13 bytes')
})

test('a packet at the first or last nanosecond of the wanted time is wanted', () => {
  const ms = 1_796_079_929_898n
  const times = [ms * 1_000_000n - 1n, ms * 1_000_000n, ms * 1_000_000n + 999_999n, (ms + 1n) * 1_000_000n]
  const bytes = Buffer.concat(times.map((tsNs) => enhanced(0, tsNs, Buffer.alloc(4))))
  const { parts } = findWantedBlocks(bytes, { fromMs: Number(ms), toMs: Number(ms) })
  expect(readBlockTimes(Buffer.concat(parts.map(([from, to]) => bytes.subarray(from, to))))).toEqual(times.slice(1, 3))
})
