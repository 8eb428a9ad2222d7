import { expect, test } from 'vitest'
import { makeBlockFormat, readPcapng } from '../support/pcapng-blocks.ts'

const little = makeBlockFormat(true)
const big = makeBlockFormat(false)
const packet = little.enhanced(0, 1n, Buffer.from('kept'))
/** 28 bytes of section, 20 of interface, 36 of packet. */
const start = Buffer.concat([little.section(), little.interface(), packet])
const badAt = 84

/** A copy of the block with words of it written over. */
function change(block: Buffer, words: Readonly<Record<number, number>>): Buffer {
  const changed = Buffer.from(block)
  for (const [at, value] of Object.entries(words)) changed.writeUInt32LE(value, Number(at))
  return changed
}

test.each([
  { bad: change(packet, { 4: 37 }), state: `the block at byte ${badAt} claims 37 bytes` },
  { bad: change(packet, { 4: 28 }), state: `the block at byte ${badAt} claims 28 bytes` },
  { bad: change(little.block(0x0bad), { 4: 8 }), state: `the block at byte ${badAt} claims 8 bytes` },
  { bad: change(little.block(0x0bad), { 4: 0 }), state: `the block at byte ${badAt} claims 0 bytes` },
  { bad: change(little.simple(Buffer.alloc(0)), { 4: 12 }), state: `the block at byte ${badAt} claims 12 bytes` },
  { bad: change(little.interface(), { 4: 16 }), state: `the block at byte ${badAt} claims 16 bytes` },
  { bad: change(little.interface(), { 4: 300_000 }), state: `the block at byte ${badAt} claims 300000 bytes` },
  { bad: change(little.statistics(0), { 4: 20 }), state: `the block at byte ${badAt} claims 20 bytes` },
  { bad: change(little.section(), { 4: 24 }), state: `the block at byte ${badAt} claims 24 bytes` },
  {
    bad: change(packet, { 32: 40 }),
    state: `the block at byte ${badAt} claims 36 bytes at its start and 40 at its end`,
  },
  {
    bad: change(little.block(0x0bad, Buffer.alloc(40)), { 48: 0 }),
    state: `the block at byte ${badAt} claims 52 bytes at its start and 0 at its end`,
  },
  {
    bad: little.enhanced(1, 1n, Buffer.of(1)),
    state: `the packet at byte ${badAt} is of interface 1, which nothing describes`,
  },
  {
    bad: little.obsolete(65_535, 0, 1n, Buffer.of(1)),
    state: `the packet at byte ${badAt} is of interface 65535, which nothing describes`,
  },
  {
    bad: Buffer.concat([big.section(), big.enhanced(0, 1n, Buffer.of(1))]),
    state: `the packet at byte ${badAt + 28} is of interface 0, which nothing describes`,
  },
  {
    bad: Buffer.concat([big.section(), big.simple(Buffer.of(1))]),
    state: `the packet at byte ${badAt + 28} is of interface 0, which nothing describes`,
  },
  { bad: change(packet, { 20: 5 }), state: `the packet at byte ${badAt} claims 5 bytes in a block of 36` },
  { bad: change(packet, { 20: 0xffff_ffff }), state: `the packet at byte ${badAt} claims 4294967295 bytes` },
  { bad: change(packet, { 4: 300_000, 20: 262_148 }), state: `the packet at byte ${badAt} claims 262148 bytes` },
  { bad: little.simple(Buffer.alloc(8), 9), state: `the packet at byte ${badAt} claims 9 bytes in a block of 24` },
  { bad: little.section([2, 0]), state: `the section at byte ${badAt} is of version 2.0` },
  { bad: big.section([1, 1]), state: `the section at byte ${badAt} is of version 1.1` },
  { bad: change(little.section(), { 4: 0x10_0004 }), state: `the block at byte ${badAt} claims 1048580 bytes` },
  {
    bad: Buffer.concat([little.interface(1, 0, little.option(14, little.long(-2n))), little.enhanced(1, 1n, packet)]),
    state: `the packet at byte ${badAt + 32} has a time before 1970 or after 2554`,
  },
  {
    bad: big.section([1, 0], 0x11223344),
    state: `the section at byte ${badAt} has the unknown byte order 11223344`,
  },
  {
    bad: little.interface(1, 0, Buffer.of(2, 0, 5, 0, 0x65, 0x74, 0x68, 0x30)),
    state: `the block at byte ${badAt} has an option that is longer than the rest of it`,
  },
  {
    bad: little.statistics(0, Buffer.of(4, 0, 8, 0)),
    state: `the block at byte ${badAt} has an option that is longer than the rest of it`,
  },
])('$state', ({ bad, state }) => {
  const stream = Buffer.concat([start, bad, packet])
  for (const pieceLength of [stream.length, badAt, 12, 1]) {
    const pieces = []
    for (let at = 0; at < stream.length; at += pieceLength) pieces.push(stream.subarray(at, at + pieceLength))
    const { reader, packets } = readPcapng(pieces)
    expect(packets.map(({ data }) => data.toString())).toEqual(['kept'])
    expect(reader.failure?.code).toBe('corrupt-capture')
    expect(reader.failure?.message).toBe(`cannot read packets of "shop/orders": ${state}`)
    expect(reader.failure?.hints[0]).toContain('the packets before it are kept')
    expect(reader.push(packet)).toEqual([])
  }
})

test('a packet of 262,144 bytes is read', () => {
  const data = Buffer.alloc(262_144, 7)
  const stream = Buffer.concat([start, little.enhanced(0, 1n, data)])
  for (const pieces of [[stream], [stream.subarray(0, 100), stream.subarray(100)]])
    expect(readPcapng(pieces).packets[1]?.data.equals(data)).toBe(true)
})

test('the interface after 10,000 others, over all sections, is an error', () => {
  const section = Buffer.concat([little.section(), ...Array.from({ length: 5_000 }, () => little.interface())])
  const { reader } = readPcapng([section, section, big.section(), big.interface(), packet])
  expect(reader.interfaces.length).toBe(10_000)
  expect(reader.failure?.message).toBe(
    `cannot read packets of "shop/orders": the interface at byte ${section.length * 2 + 28} comes after 10000 others`,
  )
})

test('the error for text before the first section quotes its first line', () => {
  for (const pieces of [['Last login: today\nsh: tshark: not found'], ['Last login: today\n', 'sh']]) {
    const { reader } = readPcapng(pieces.map((piece) => Buffer.from(piece)))
    expect(reader.failure?.code).toBe('not-a-capture')
    expect(reader.failure?.message).toBe('cannot read packets of "shop/orders": it sent the text "Last login: today"')
    expect(reader.failure?.hints[0]).toContain('shell profile')
  }
})

test('a pcap is no pcapng, even when it arrives byte by byte', () => {
  const pcap = Buffer.from('d4c3b2a1020004000000', 'hex')
  expect(readPcapng([pcap]).reader.failure?.message).toContain('bytes that are no capture (d4c3b2a102000400)')
  expect(readPcapng([...pcap].map((byte) => Buffer.of(byte))).reader.failure?.code).toBe('not-a-capture')
  expect(readPcapng([Buffer.of(0x0a, 0x0d), Buffer.of(0x0d, 0x0d)]).reader.failure?.code).toBe('not-a-capture')
})

test('a stream that ends within its first bytes has no failure, and counts them as pending', () => {
  const { reader } = readPcapng([Buffer.alloc(0), Buffer.of(0x0a), Buffer.of(0x0d, 0x0d)])
  expect([reader.failure, reader.pendingLength]).toEqual([undefined, 3])
})
