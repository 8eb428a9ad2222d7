import { expect, test } from 'vitest'
import { formatPcapHeader, formatPcapRecords } from '../../src/packets/pcap-writer.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../src/packets/pcapng-writer.ts'
import { findWholeBlocks, findWholeRecords } from '../../src/packets/whole-part.ts'
import { makeBatch } from '../support/packets.ts'

const header = { linkType: 1, snapLength: 1000 }
const batches = [0, 1, 59, 300].map((length) =>
  makeBatch([{ seconds: 1, nanoseconds: 2, data: Buffer.alloc(length, 0xff), originalLength: 1500 }]),
)

/** Pieces, of which those after the first `before` are a packet each; at each cut, what is whole. */
function expectWhole(
  pieces: readonly Buffer[],
  before: number,
  find: (part: Buffer) => { bytes: number; packets: number },
): void {
  const all = Buffer.concat(pieces)
  for (let cut = 0; cut <= all.length; cut++) {
    let count = 0
    let bytes = 0
    while (count < pieces.length && bytes + (pieces[count]?.length ?? 0) <= cut) bytes += pieces[count++]?.length ?? 0
    expect(find(all.subarray(0, cut))).toEqual({ bytes, packets: Math.max(0, count - before) })
  }
}

test('the whole blocks of a pcapng truncated anywhere are found, and their packets counted', () => {
  const packets = batches.map((batch) => {
    const runs = [{ interfaceId: 0, batch, from: 0, to: 1 }]
    const out = Buffer.alloc(enhancedPacketsLength(runs))
    writeEnhancedPackets(out, 0, runs)
    return out
  })
  const section = formatSectionHeader({ application: 'kcap', os: 'Linux', comment: '' })
  const interfaces = formatInterfaceDescription({ ...header, name: 'a', description: 'b', filter: '' })
  expectWhole([section, interfaces, ...packets], 2, findWholeBlocks)
})

test('the whole records of a pcap truncated anywhere are found; its header counts as none', () => {
  const records = batches.map(formatPcapRecords)
  expectWhole([formatPcapHeader(header), ...records], 1, (part) => findWholeRecords(part, true))
  expectWhole(records, 0, (part) => findWholeRecords(part, false))
})
