import { expect, test } from 'vitest'
import { formatPcapHeader, formatPcapRecords } from '../../src/packets/pcap-writer.ts'
import { formatPcap, makeBatch } from '../support/packets.ts'

test('the pcap writer writes nanosecond little-endian headers and records', () => {
  const packets = [1, 2].map((n) => ({
    seconds: n,
    nanoseconds: n * 7,
    data: Buffer.alloc(n * 30, n),
    originalLength: 1500,
  }))
  const written = Buffer.concat([
    formatPcapHeader({ linkType: 276, snapLength: 128 }),
    formatPcapRecords(makeBatch(packets)),
  ])
  expect(written).toEqual(formatPcap(packets, { littleEndian: true, nanosecond: true, linkType: 276, snapLength: 128 }))
})
