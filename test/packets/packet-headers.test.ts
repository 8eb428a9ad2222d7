import { expect, test } from 'vitest'
import type { PacketBatch } from '../../src/base/packet.ts'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { formatPcap, toPackets } from '../support/packets.ts'
import { cut, makeBlockFormat } from '../support/pcapng-blocks.ts'

const little = makeBlockFormat(true)
const packet = (id: number, length: number) => little.enhanced(id, 1n, Buffer.alloc(length, id))

/** Returns the reader's header, and for each batch its own header and the lengths of its packets. */
function readHeaders(chunks: readonly Buffer[]) {
  const reader = makeCaptureReader('x')
  const batches = chunks.flatMap((chunk) => reader.push(chunk))
  expect(reader.failure).toBeUndefined()
  const describe = (batch: PacketBatch) => [batch.header, toPackets([batch]).map(({ data }) => data.length)] as const
  return { first: reader.header, batches: batches.map(describe), own: batches.map(({ header }) => header) }
}

test("packets whose link type or frame check sequence differs from the source's first carry a header of their own", () => {
  const fcs = little.option(13, Buffer.of(32))
  const start = [little.section(), little.interface(1, 96), little.interface(113, 64), little.interface(1, 96, fcs)]
  const stream = Buffer.concat([...start, packet(0, 10), packet(1, 20), packet(1, 21), packet(2, 30), packet(0, 11)])
  const { first, batches } = readHeaders([stream])
  expect(first).toEqual({ linkType: 1, snapLength: 96 })
  expect(batches).toEqual([
    [undefined, [10]],
    [{ linkType: 113, snapLength: 64 }, [20, 21]],
    [{ linkType: 1, snapLength: 96, fcsBits: 32 }, [30]],
    [undefined, [11]],
  ])
})

test('interfaces of the first link type share its header, also in later sections', () => {
  const start = [little.section(), little.interface(1, 96), little.interface(1, 200)]
  const later = [little.section(), little.interface(1, 50)]
  const { batches } = readHeaders([Buffer.concat([...start, packet(0, 10), packet(1, 90), ...later, packet(0, 50)])])
  expect(batches).toEqual([
    [undefined, [10]],
    [undefined, [90]],
    [undefined, [50]],
  ])
})

test.each([
  ['pcapng', Buffer.concat([little.section(), little.interface(1, 96)]), packet(0, 90), packet(0, 97), 48],
  [
    'pcap',
    formatPcap([], { littleEndian: true, nanosecond: true, snapLength: 96 }),
    formatPcap([packetOf(90)], { littleEndian: true, nanosecond: true }).subarray(24),
    formatPcap([packetOf(97)], { littleEndian: true, nanosecond: true }).subarray(24),
    24,
  ],
])('a packet of a %s that is longer than the snap length raises it', (_format, start, short, long, startLength) => {
  expect(start.length).toBe(startLength)
  const raised = { linkType: 1, snapLength: 262_144 }
  const stream = Buffer.concat([start, short, long, short, long])
  // In the bytes that bring the header, that is raised.
  expect(readHeaders([stream])).toMatchObject({ first: raised, own: expect.not.arrayContaining([raised]) })
  // After it was seen, the packets from there on have another one.
  const { first, own, batches } = readHeaders(cut(stream, [start.length]))
  expect(first).toEqual({ linkType: 1, snapLength: 96 })
  expect(batches).toEqual([
    [undefined, [90]],
    [raised, [97, 90, 97]],
  ])
  for (let place = start.length; place < stream.length; place++) {
    const seen = readHeaders(cut(stream, [start.length, place]))
    expect(seen.first).toEqual({ linkType: 1, snapLength: 96 })
    const lengths = seen.batches.flatMap(([header, ofBatch]) => ofBatch.map((n) => [header, n] as const))
    expect(lengths.map(([, n]) => n)).toEqual([90, 97, 90, 97])
    expect(new Set(seen.own.slice(1).filter((header) => header !== undefined)).size).toBe(1)
    for (const [header, n] of lengths) if (n > 96) expect(header).toEqual(raised)
  }
  expect(own[1]).not.toBe(first)
})

test('a raised snap length keeps the length of a simple packet as its interface describes it', () => {
  const start = Buffer.concat([little.section(), little.interface(1, 96)])
  const { batches } = readHeaders([start, packet(0, 200), little.simple(Buffer.alloc(96), 1500)])
  expect(batches.flatMap(([, lengths]) => lengths)).toEqual([200, 96])
})

function packetOf(length: number) {
  return { seconds: 1, nanoseconds: 0, data: Buffer.alloc(length), originalLength: length }
}
