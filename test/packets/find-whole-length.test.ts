import { expect, test } from 'vitest'
import { findWholeLength } from '../../src/packets/find-whole-length.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../src/packets/pcapng-writer.ts'
import { formatPcap, makeRun } from '../support/packets.ts'

function formatPcapng(): Buffer {
  const runs = [makeRun(3, { length: 61 })]
  const packets = Buffer.alloc(enhancedPacketsLength(runs))
  writeEnhancedPackets(packets, 0, runs)
  return Buffer.concat([
    formatSectionHeader({ application: 'kcap', os: '', comment: 'x' }),
    formatInterfaceDescription({ linkType: 1, snapLength: 100, name: 'eth0', description: '', filter: '' }),
    packets,
  ])
}

const measure = (file: Buffer) => findWholeLength(async (at, length) => file.subarray(at, at + length), file.length)

test('a pcapng that was cut anywhere is whole up to its last whole block', async () => {
  const file = formatPcapng()
  const ends = [0]
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) ends.push(at + file.readUInt32LE(at + 4))
  expect(ends.length).toBe(6)
  for (let length = 0; length <= file.length; length++)
    expect(await measure(file.subarray(0, length))).toBe(ends.findLast((end) => end <= length))
})

test('a pcap that was cut anywhere is whole up to its last whole record', async () => {
  const packet = { seconds: 1, nanoseconds: 5_000, data: Buffer.alloc(60, 1), originalLength: 60 }
  const file = formatPcap([packet, packet], { littleEndian: true, nanosecond: true })
  for (let length = 0; length <= file.length; length++)
    expect(await measure(file.subarray(0, length))).toBe([0, 24, 100, 176].findLast((end) => end <= length))
})

test.each([
  ['zeros', Buffer.alloc(5_000)],
  ['other bytes', Buffer.alloc(5_000, 0xa5)],
])('%s after the last block or record are cut off', async (_what, tail) => {
  const pcapng = formatPcapng()
  expect(await measure(Buffer.concat([pcapng, tail]))).toBe(pcapng.length)
  const pcap = formatPcap([], { littleEndian: true, nanosecond: true })
  expect(await measure(Buffer.concat([pcap, tail]))).toBe(pcap.length)
})

test('a file of several megabytes is read in large pieces', async () => {
  const one = formatPcapng()
  const file = Buffer.concat(Array(20_000).fill(one))
  let reads = 0
  const length = await findWholeLength(async (at, count) => {
    reads += 1
    return file.subarray(at, at + count)
  }, file.length - 3)
  expect(length).toBe(file.length - one.readUInt32LE(one.length - 4))
  expect(reads).toBeLessThan(20)
})
