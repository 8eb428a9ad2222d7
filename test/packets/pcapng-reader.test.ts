import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makePcapngReader } from '../../src/packets/pcapng-reader.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatInterfaceStatistics,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../src/packets/pcapng-writer.ts'
import { makeBatch } from '../support/packets.ts'
import { cut, makeBlockFormat, readPcapng, toInterfacePackets } from '../support/pcapng-blocks.ts'

const little = makeBlockFormat(true)
const big = makeBlockFormat(false)
const places = fc.array(fc.nat(), { maxLength: 20 })
const data = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

test('the pcapng reader returns the packets that kcap has written, for any split', () => {
  const packet = fc.record({
    interfaceId: fc.nat(2),
    seconds: fc.nat(4_294_967_295),
    nanoseconds: fc.nat(999_999_999),
    data,
    originalLength: fc.nat(262_144),
  })
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 12 }), places, (packets, places) => {
      const descriptions = [1, 113, 276].map((linkType) => ({
        linkType,
        snapLength: 128,
        name: `eth${linkType}`,
        description: 'kube exec',
      }))
      const batch = makeBatch(packets)
      const runs = packets.map(({ interfaceId }, i) => ({ interfaceId, batch, from: i, to: i + 1 }))
      const blocks = Buffer.alloc(enhancedPacketsLength(runs))
      writeEnhancedPackets(blocks, 0, runs)
      const stream = Buffer.concat([
        formatSectionHeader({ application: 'kcap', os: 'Linux', comment: 'captured by a@b' }),
        ...descriptions.map((description) => formatInterfaceDescription({ ...description, filter: 'port 80' })),
        blocks,
        formatInterfaceStatistics({ interfaceId: 1, startNs: 0n, endNs: 1n, delivered: 1, received: 9, dropped: 2 }),
      ])
      const { reader, packets: read } = readPcapng(cut(stream, places))
      expect(reader.failure).toBeUndefined()
      expect(reader.interfaces).toEqual(descriptions.map((description) => ({ ...description, filter: 'port 80' })))
      expect(reader.statistics[1]).toEqual({ received: 9, dropped: 2 })
      expect(read).toEqual(packets)
      expect(reader.pendingLength).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('the pcapng reader returns the same packets from blocks of every kind and byte order, for any split', () => {
  const stream = Buffer.concat(
    [little, big, little].flatMap((format) => [
      format.section(),
      format.interface(1, 64, format.option(2, Buffer.from('eth0'))),
      format.interface(276),
      format.block(0x0bad, Buffer.alloc(3)),
      format.block(0x0bad),
      format.enhanced(1, 1_000_001n, Buffer.alloc(5, 1), 1500, format.option(1, Buffer.from('a comment'))),
      format.enhanced(0, 2n, Buffer.alloc(0)),
      format.simple(Buffer.alloc(64, 2), 900),
      format.obsolete(1, 7, 3_000_000n, Buffer.alloc(63, 3)),
      format.statistics(0, format.option(4, format.long(5n))),
    ]),
  )
  const whole = readPcapng([stream])
  expect(whole.reader.failure).toBeUndefined()
  expect(whole.packets.map(({ interfaceId }) => interfaceId)).toEqual([1, 0, 0, 1, 3, 2, 2, 3, 5, 4, 4, 5])
  const ofSection = [
    { seconds: 1, nanoseconds: 1000, data: Buffer.alloc(5, 1), originalLength: 1500 },
    { seconds: 0, nanoseconds: 2000, data: Buffer.alloc(0), originalLength: 0 },
    { seconds: 0, nanoseconds: 0, data: Buffer.alloc(64, 2), originalLength: 900 },
    { seconds: 3, nanoseconds: 0, data: Buffer.alloc(63, 3), originalLength: 63 },
  ]
  expect(whole.packets).toMatchObject([...ofSection, ...ofSection, ...ofSection])
  const check = (chunks: readonly Buffer[]) => {
    const { reader, packets } = readPcapng(chunks)
    expect(packets).toEqual(whole.packets)
    expect(reader.interfaces).toEqual(whole.reader.interfaces)
    expect(reader.statistics).toEqual(whole.reader.statistics)
    expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
  }
  check([...stream].map((byte) => Buffer.of(byte)))
  fc.assert(fc.property(places, (places) => check(cut(stream, places))))
})

test('a run of packets of one interface in a chunk is one batch that refers to the chunk', () => {
  const start = Buffer.concat([little.section(), little.interface(), little.interface()])
  const packets = [0, 0, 0, 1, 1, 0].map((id) => little.enhanced(id, 1n, Buffer.alloc(10)))
  const chunk = Buffer.concat([start, ...packets])
  const runs = makePcapngReader('x').push(chunk)
  expect(runs.map(({ interfaceId, batch }) => [interfaceId, batch.count])).toEqual([
    [0, 3],
    [1, 2],
    [0, 1],
  ])
  expect(runs.every(({ batch }) => batch.bytes === chunk)).toBe(true)
})

test('a packet that crosses the end of a chunk does not keep the chunk in memory', () => {
  const stream = Buffer.concat([
    little.section(),
    little.interface(),
    little.enhanced(0, 1n, Buffer.alloc(60_000, 1)),
    little.enhanced(0, 2n, Buffer.alloc(20_000, 2)),
  ])
  const reader = makePcapngReader('x')
  const first = reader.push(stream.subarray(0, 70_000))
  const second = reader.push(stream.subarray(70_000))
  const read = toInterfacePackets([...first, ...second]).map(({ data }) => data)
  expect(read.map((data) => [data.length, data.every((byte) => byte === data[0])])).toEqual([
    [60_000, true],
    [20_000, true],
  ])
  expect(second[0]?.batch.bytes.buffer).not.toBe(stream.buffer)
  expect(second[0]?.batch.bytes.buffer.byteLength).toBeLessThan(20_100)
})

test('the pcapng reader returns more packets than one table has rows', () => {
  const packets = Array.from({ length: 10_000 }, (_, i) => little.enhanced(0, BigInt(i), Buffer.of(i & 0xff)))
  const { packets: read } = readPcapng([Buffer.concat([little.section(), little.interface(), ...packets])])
  expect(read.map(({ nanoseconds, data }) => [nanoseconds / 1000, data[0]])).toEqual(
    packets.map((_, i) => [i, i & 0xff]),
  )
})

test('a simple packet is as long as the snap length of its interface allows, or as the packet was', () => {
  const { packets } = readPcapng([
    Buffer.concat([
      little.section(),
      little.interface(1, 0),
      little.simple(Buffer.alloc(2000)),
      big.section(),
      big.interface(1, 96),
      big.simple(Buffer.alloc(96), 1500),
      big.simple(Buffer.alloc(40)),
    ]),
  ])
  expect(packets.map(({ data, originalLength }) => [data.length, originalLength])).toEqual([
    [2000, 2000],
    [96, 1500],
    [40, 40],
  ])
})

/** Pushes a block of the given announced length in pieces; gives by how much the memory for bytes grew meanwhile. */
function pushLongBlock(reader: ReturnType<typeof makePcapngReader>, start: Buffer, length: number): number {
  const pieceLength = 64 * 1024
  const piece = Buffer.alloc(pieceLength)
  const beforeBytes = process.memoryUsage().arrayBuffers
  let mostBytes = 0
  reader.push(start)
  for (let left = length - start.length - 4; left > 0; left -= pieceLength) {
    reader.push(piece.subarray(0, left))
    mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - beforeBytes)
  }
  const end = Buffer.alloc(4)
  end.writeUInt32LE(length)
  reader.push(end)
  return mostBytes
}

test('the pcapng reader skips an unknown block of 100 MB, and 100 MB of packet options, as they arrive', () => {
  const length = 100_000_000
  const reader = makePcapngReader('x')
  reader.push(Buffer.concat([little.section(), little.interface()]))
  const unknown = Buffer.alloc(8)
  unknown.writeUInt32LE(0x0bad)
  unknown.writeUInt32LE(length, 4)
  expect(pushLongBlock(reader, unknown, length)).toBeLessThan(4e6)
  const packet = little.enhanced(0, 7n, Buffer.from('data')).subarray(0, -4)
  packet.writeUInt32LE(length, 4)
  expect(pushLongBlock(reader, packet, length)).toBeLessThan(4e6)
  expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
  expect(toInterfacePackets(reader.push(little.enhanced(0, 8n, Buffer.from('next'))))).toMatchObject([
    { nanoseconds: 8000, data: Buffer.from('next') },
  ])
})

test('the pcapng reader counts an incomplete block as pending', () => {
  const stream = Buffer.concat([little.section(), little.interface(), little.enhanced(0, 1n, Buffer.alloc(60))])
  expect(readPcapng([stream.subarray(0, -10)]).reader.pendingLength).toBe(82)
  expect(readPcapng([stream.subarray(0, -2)]).reader.pendingLength).toBe(90)
})
