import { expect, test } from 'vitest'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import { formatPcapHeader } from '../../src/packets/pcap-writer.ts'
import { formatPcap, type PlainPacket, toPackets } from '../support/packets.ts'
import { cut } from '../support/pcapng-blocks.ts'

const packets: PlainPacket[] = [
  { seconds: 1, nanoseconds: 5_000, data: Buffer.from('a packet'), originalLength: 60 },
  { seconds: 2, nanoseconds: 6_000, data: Buffer.from('another one'), originalLength: 61 },
]
type Options = Partial<Parameters<typeof formatPcap>[1]>
const makePcap = (options: Options) => formatPcap(packets, { littleEndian: true, nanosecond: true, ...options })

function readPcap(bytes: Buffer, places: readonly number[] = []) {
  const reader = makePcapReader('x')
  const read = cut(bytes, places).flatMap((chunk) => toPackets(reader.push(chunk)))
  return { reader, read }
}

const everyByte = (bytes: Buffer) => Array.from(bytes, (_, i) => i)

test.each([
  [[2, 0], true],
  [[2, 2], true],
  [[543, 0], true],
  [[2, 3], true],
  [[2, 3], false],
  [[2, 4], false],
] as const)('a pcap of version %j is readable, with its lengths exchanged: %s', (version, swapsLengths) => {
  const bytes = makePcap({ version, swapsLengths })
  for (const places of [[], everyByte(bytes)]) {
    const { reader, read } = readPcap(bytes, places)
    expect([reader.failure, reader.pendingLength]).toEqual([undefined, 0])
    expect(read).toEqual(packets)
  }
})

test.each([
  { options: { version: [2, 5] }, state: 'the file header at byte 0 is of version 2.5' },
  { options: { version: [1, 2] }, state: 'the file header at byte 0 is of version 1.2' },
  { options: { version: [543, 1] }, state: 'the file header at byte 0 is of version 543.1' },
  { options: { linkType: 0x0001_0001 }, state: 'the link type at byte 20 has reserved bits: 00010001' },
  { options: { linkType: 0x2600_0071 }, state: 'the link type at byte 20 has reserved bits: 26000071' },
] as const)('the pcap reader refuses a header, however the stream is split: $state', ({ options, state }) => {
  for (const littleEndian of [true, false]) {
    const bytes = makePcap({ ...options, littleEndian })
    for (const places of [[], [24], everyByte(bytes)]) {
      const { reader, read } = readPcap(bytes, places)
      expect([read, reader.header]).toEqual([[], undefined])
      expect(reader.failure?.code).toBe('corrupt-capture')
      expect(reader.failure?.message).toBe(`cannot read packets of "x": ${state}`)
    }
  }
})

test.each([
  [1, undefined],
  [0x0400_0001, 0],
  [0x2400_0001, 32],
  [0xf400_0071, 240],
  // Without the bit that says so, there is no length.
  [0x2000_0001, undefined],
])('the link type word %i has a frame check sequence of %s bits', (linkType, fcsBits) => {
  const { reader } = readPcap(makePcap({ linkType }))
  const header = { linkType: linkType & 0xffff, snapLength: 262_144 }
  expect(reader.header).toEqual(fcsBits === undefined ? header : { ...header, fcsBits })
  const written = formatPcapHeader(reader.header as NonNullable<typeof reader.header>)
  expect(written.readUInt32LE(20)).toBe(fcsBits === undefined ? linkType & 0xffff : linkType)
})

test('a pcap omits a frame check sequence whose length is no multiple of 16 bits', () => {
  for (const fcsBits of [4, 255])
    expect(formatPcapHeader({ linkType: 1, snapLength: 96, fcsBits }).readUInt32LE(20)).toBe(1)
})
