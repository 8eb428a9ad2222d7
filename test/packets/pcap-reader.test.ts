import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import { formatPcap, type PlainPacket, toPackets } from '../support/packets.ts'

const packet = fc.record({
  seconds: fc.nat(4_294_967_295),
  nanoseconds: fc.nat(999_999).map((microseconds) => microseconds * 1000),
  data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  originalLength: fc.nat(262_144),
})

function readAll(chunks: readonly Buffer[]) {
  const reader = makePcapReader('shop/orders')
  const batches = chunks.flatMap((chunk) => reader.push(chunk))
  return { reader, packets: toPackets(batches) }
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}

test.each([
  { littleEndian: true, nanosecond: true },
  { littleEndian: true, nanosecond: false },
  { littleEndian: false, nanosecond: true },
  { littleEndian: false, nanosecond: false },
])('the pcap reader returns the same packets for any split (%o)', (encoding) => {
  fc.assert(
    fc.property(
      fc.array(packet, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (packets: PlainPacket[], places) => {
        const { reader, packets: read } = readAll(cut(formatPcap(packets, encoding), places))
        expect(reader.failure).toBeUndefined()
        expect(reader.header).toEqual({ linkType: 1, snapLength: 262144 })
        expect(read).toEqual(packets)
        expect(reader.pendingLength).toBe(0)
      },
    ),
    { numRuns: 200 },
  )
})

test('the pcap reader returns all packets of a pcap that arrives one byte at a time', () => {
  const packets = [1, 2, 3].map((n) => ({
    seconds: n,
    nanoseconds: n,
    data: Buffer.alloc(n * 50, n),
    originalLength: 1500,
  }))
  const bytes = formatPcap(packets, { littleEndian: true, nanosecond: true })
  expect(readAll([...bytes].map((byte) => Buffer.of(byte))).packets).toEqual(packets)
})

test('a record that claims 300 MB is an error that names its byte, after the packets before it', () => {
  const packets = [{ seconds: 1, nanoseconds: 0, data: Buffer.alloc(60), originalLength: 60 }]
  const bad = Buffer.alloc(16)
  bad.writeUInt32LE(300_000_000, 8)
  const bytes = Buffer.concat([formatPcap(packets, { littleEndian: true, nanosecond: true }), bad, Buffer.alloc(100)])
  for (const chunks of [[bytes], [bytes.subarray(0, 102), bytes.subarray(102)]]) {
    const { reader, packets: read } = readAll(chunks)
    expect(read).toEqual(packets)
    expect(reader.failure?.code).toBe('corrupt-capture')
    expect(reader.failure?.message).toBe(
      'cannot read packets of "shop/orders": the record at byte 100 claims 300000000 bytes',
    )
    expect(reader.push(bytes)).toEqual([])
  }
})

test('the error for text before the pcap header quotes its first line, made printable', () => {
  const { reader } = readAll([Buffer.from('Welcome \x1b[31mto node7\nlast login yesterday\n')])
  expect(reader.failure?.code).toBe('not-a-capture')
  expect(reader.failure?.exitCode).toBe(1)
  expect(reader.failure?.message).toBe('cannot read packets of "shop/orders": it sent the text "Welcome [31mto node7"')
  expect(reader.failure?.hints[0]).toContain('shell profile')
})

test('the error for bytes that are neither text nor capture shows them as hexadecimal', () => {
  expect(readAll([Buffer.from([0x0a, 0x0d, 0x0d, 0x0a, 1, 2, 3, 0xff])]).reader.failure?.message).toContain(
    'bytes that are no capture (0a0d0d0a010203ff)',
  )
})

test('the pcap reader counts an incomplete record as pending', () => {
  const bytes = formatPcap([{ seconds: 1, nanoseconds: 0, data: Buffer.alloc(60), originalLength: 60 }], {
    littleEndian: true,
    nanosecond: true,
  })
  expect(readAll([bytes.subarray(0, -10)]).reader.pendingLength).toBe(66)
})

test('no bytes crash the pcap reader or make it hold more than one record', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), fc.boolean(), (chunks, withHeader) => {
      const reader = makePcapReader('x')
      if (withHeader) reader.push(formatPcap([], { littleEndian: true, nanosecond: true }))
      for (const chunk of chunks) reader.push(Buffer.from(chunk))
      expect(reader.pendingLength).toBeLessThanOrEqual(262_144 + 16)
    }),
  )
})
