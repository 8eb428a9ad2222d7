import { expect, test } from 'vitest'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { formatPcapHeader, formatPcapRecords } from '../../src/packets/pcap-writer.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../src/packets/pcapng-writer.ts'
import { makeBatch, toPackets } from '../support/packets.ts'

const packets = [1, 2, 3].map((i) => ({ seconds: i, nanoseconds: i, data: Buffer.alloc(i, i), originalLength: i }))
const section = formatSectionHeader({ application: '', os: '', comment: '' })
const describeInterface = (linkType: number) =>
  formatInterfaceDescription({ linkType, snapLength: 96, name: 'any', description: '', filter: '' })
function packetsOf(interfaceId: number): Buffer {
  const runs = [{ interfaceId, batch: makeBatch(packets), from: 0, to: packets.length }]
  const out = Buffer.alloc(enhancedPacketsLength(runs))
  writeEnhancedPackets(out, 0, runs)
  return out
}

test.each([
  ['pcap', Buffer.concat([formatPcapHeader({ linkType: 276, snapLength: 96 }), formatPcapRecords(makeBatch(packets))])],
  ['pcapng', Buffer.concat([section, describeInterface(276), packetsOf(0)])],
])('a %s is recognised when it arrives a byte at a time', (_format, bytes) => {
  const reader = makeCaptureReader('a')
  const read = toPackets([...bytes].flatMap((byte) => reader.push(Buffer.of(byte))))
  expect([reader.header?.linkType, reader.header?.snapLength, reader.failure]).toEqual([276, 96, undefined])
  expect(read).toEqual(packets)
})

test('text that begins with a line end is no capture', () => {
  const reader = makeCaptureReader('a')
  reader.push(Buffer.from('\nWelcome\n'))
  expect(reader.failure?.code).toBe('not-a-capture')
})
