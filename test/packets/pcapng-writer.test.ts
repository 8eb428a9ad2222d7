import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeTextOption } from '../../src/packets/pcapng-block.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatInterfaceStatistics,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../src/packets/pcapng-writer.ts'
import { makeBatch, type PlainPacket, parseBlocks } from '../support/packets.ts'

function formatEnhancedPackets(interfaceId: number, packets: readonly PlainPacket[]): Buffer {
  const runs = [{ interfaceId, batch: makeBatch(packets), from: 0, to: packets.length }]
  // What was in the buffer before must not show between the blocks.
  const out = Buffer.alloc(enhancedPacketsLength(runs) + 8, 0xff)
  writeEnhancedPackets(out, 8, runs)
  return out.subarray(8)
}

test('a section header has hardware, system, application, comment and an unknown length', () => {
  const [block] = parseBlocks(formatSectionHeader({ application: 'kcap 1', os: 'Linux', comment: 'captured by a@b' }))
  expect(block?.type).toBe(0x0a0d0d0a)
  expect(block?.body.readUInt32LE(0)).toBe(0x1a2b3c4d)
  expect(block?.body.readBigInt64LE(8)).toBe(-1n)
  const options = block?.options(16)
  expect(options?.get(1)?.[0]?.toString()).toBe('captured by a@b')
  expect(options?.get(3)?.[0]?.toString()).toBe('Linux')
  expect(options?.get(4)?.[0]?.toString()).toBe('kcap 1')
})

test('an interface description has name, description, filter and nanosecond resolution', () => {
  const [block] = parseBlocks(
    formatInterfaceDescription({
      linkType: 276,
      snapLength: 128,
      name: 'shop/orders any',
      description: 'kube exec',
      filter: 'port 80',
    }),
  )
  expect(block?.type).toBe(1)
  expect([block?.body.readUInt16LE(0), block?.body.readUInt32LE(4)]).toEqual([276, 128])
  const options = block?.options(8)
  expect(options?.get(2)?.[0]?.toString()).toBe('shop/orders any')
  expect(options?.get(3)?.[0]?.toString()).toBe('kube exec')
  expect(options?.get(9)?.[0]).toEqual(Buffer.of(9))
  expect(options?.get(11)?.[0]?.toString()).toBe('\0port 80')
})

test('an enhanced packet block has exactly the packet, padded with zeros, at its nanosecond', () => {
  const packet = fc.record({
    seconds: fc.nat(4_294_967_295),
    nanoseconds: fc.nat(999_999_999),
    data: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    originalLength: fc.nat(262_144),
  })
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 20 }), fc.nat(100), (packets, interfaceId) => {
      const blocks = parseBlocks(formatEnhancedPackets(interfaceId, packets))
      expect(blocks.length).toBe(packets.length)
      for (const [i, { seconds, nanoseconds, data, originalLength }] of packets.entries()) {
        const { type, body } = blocks[i] as (typeof blocks)[number]
        const timestamp = (BigInt(body.readUInt32LE(4)) << 32n) + BigInt(body.readUInt32LE(8))
        expect([type, body.readUInt32LE(0), body.readUInt32LE(12), body.readUInt32LE(16)]).toEqual([
          6,
          interfaceId,
          data.length,
          originalLength,
        ])
        expect(timestamp).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds))
        expect(body.subarray(20, 20 + data.length)).toEqual(data)
        expect(body.subarray(20 + data.length).every((byte) => byte === 0)).toBe(true)
      }
    }),
  )
})

test('interface statistics have received, dropped and delivered packets, and omit unknown counters', () => {
  const times = { interfaceId: 3, startNs: 1_700_000_000_000_000_001n, endNs: 1_700_000_001_000_000_000n }
  const [full] = parseBlocks(formatInterfaceStatistics({ ...times, delivered: 10, received: 12, dropped: 2 }))
  expect(full?.type).toBe(5)
  expect(full?.body.readUInt32LE(0)).toBe(3)
  expect([...(full?.options(12) ?? [])].map(([code, [value]]) => [code, value?.readBigUInt64LE()]).slice(2)).toEqual([
    [4, 12n],
    [5, 2n],
    [8, 10n],
  ])
  const [bare] = parseBlocks(
    formatInterfaceStatistics({ ...times, delivered: 10, received: undefined, dropped: undefined }),
  )
  expect([...(bare?.options(12) ?? []).keys()]).toEqual([2, 3, 8])
})

test('a text longer than an option can be is truncated at the end of a character', () => {
  const { value } = makeTextOption(1, 'é'.repeat(40_000))
  expect(value.length).toBe(65_534)
  expect(value.toString('utf8').endsWith('é')).toBe(true)
})

test('the comment of a run is an option of its first packet only', () => {
  const packets = [1, 2].map((i) => ({ seconds: 1, nanoseconds: i, data: Buffer.alloc(5, i), originalLength: 5 }))
  const run = { interfaceId: 0, batch: makeBatch(packets), from: 0, to: 2, comment: 'after a gap' }
  const out = Buffer.alloc(enhancedPacketsLength([run]), 0xff)
  writeEnhancedPackets(out, 0, [run])
  const [first, second] = parseBlocks(out)
  expect(first?.options(20 + 8).get(1)).toEqual([Buffer.from('after a gap')])
  expect(first?.body.subarray(20, 28)).toEqual(Buffer.from([1, 1, 1, 1, 1, 0, 0, 0]))
  expect(second?.body.length).toBe(20 + 8)
})

test('alternating runs of several buffers and sources keep their own bytes', () => {
  const batchOf = (from: number) =>
    makeBatch(
      [0, 1, 2].map((i) => ({ seconds: 1, nanoseconds: i, data: Buffer.alloc(5, from + i), originalLength: 5 })),
    )
  const [a, b, c] = [batchOf(10), batchOf(20), batchOf(30)]
  const runs = [
    { interfaceId: 0, batch: a, from: 0, to: 1 },
    { interfaceId: 1, batch: b, from: 0, to: 2 },
    { interfaceId: 0, batch: a, from: 1, to: 3 },
    { interfaceId: 0, batch: c, from: 1, to: 2 },
    { interfaceId: 1, batch: b, from: 2, to: 3 },
  ]
  const out = Buffer.alloc(enhancedPacketsLength(runs))
  writeEnhancedPackets(out, 0, runs)
  expect(parseBlocks(out).map(({ body }) => [body.readUInt32LE(0), body[20], body[24]])).toEqual([
    [0, 10, 10],
    [1, 20, 20],
    [1, 21, 21],
    [0, 11, 11],
    [0, 12, 12],
    [0, 31, 31],
    [1, 22, 22],
  ])
})
