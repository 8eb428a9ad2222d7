import { describe, expect, test } from 'vitest'
import { makePcapngWriter, makePcapWriter } from '../../src/session/capture-writer.ts'
import { failureOf } from '../support/failure.ts'
import { makeMemoryOutput } from '../support/memory-output.ts'
import { makeRun, parseBlocks } from '../support/packets.ts'

const section = { application: 'kcap', os: 'Linux', comment: 'a test', filter: 'tcp' }
const ethernet = { linkType: 1, snapLength: 100 }
const source = { name: 'shop/web eth0', description: '', header: ethernet }
const blockNames: Record<number, string> = {
  168627466: 'section',
  1: 'interface',
  4: 'names',
  5: 'statistics',
  6: 'packet',
  10: 'secrets',
}

function openPcapng() {
  const output = makeMemoryOutput()
  const blocks = () => parseBlocks(output.bytes()).map(({ type }) => blockNames[type])
  return { output, blocks, writer: makePcapngWriter(output, section) }
}

describe('makePcapngWriter', () => {
  test('gives a live reader the section before there is a source', async () => {
    const { writer, blocks } = openPcapng()
    expect(await writer.begin()).toBe(true)
    expect(blocks()).toEqual(['section'])
  })

  test('holds names and secrets back until the interfaces are written', async () => {
    const { writer, blocks } = openPcapng()
    await writer.addNames([{ address: '10.0.0.1', name: 'web.shop' }])
    await writer.addTlsSecrets('CLIENT_RANDOM 00 00\n')
    expect([await writer.addInterface(source), await writer.addInterface(source)]).toEqual([0, 1])
    await writer.writeRuns([makeRun(2)])
    await writer.addNames([{ address: '10.0.0.2', name: 'db.shop' }])
    await writer.finish([])
    expect(blocks()).toEqual(['section', 'interface', 'interface', 'names', 'secrets', 'packet', 'packet', 'names'])
  })

  test('writes no names without a source: they are no capture', async () => {
    const { writer, blocks } = openPcapng()
    await writer.addNames([{ address: '10.0.0.1', name: 'web.shop' }])
    await writer.finish([])
    expect(blocks()).toEqual([])
  })

  test('counts every byte of the output, as header or as packets', async () => {
    const { writer, output } = openPcapng()
    await writer.addInterface({ ...source, description: 'by exec' })
    await writer.writeRuns([makeRun(3, { length: 10 })])
    const { startNs, endNs } = { startNs: 0n, endNs: 1n }
    await writer.finish([{ interfaceId: 0, startNs, endNs, delivered: 3, received: 3, dropped: 0 }])
    const { header, packets } = writer.written
    expect([header + packets, packets]).toEqual([output.bytes().length, 3 * (32 + 12)])
    expect([writer.savedPackets, writer.savedBytes]).toEqual([3, output.bytes().length])
  })
})

describe('makePcapWriter', () => {
  test("refuses a source of another link type as 'usage', and counts no bytes for it", async () => {
    const output = makeMemoryOutput()
    const writer = makePcapWriter(output)
    await writer.addInterface(source)
    const cooked = { name: 'shop/db any', description: '', header: { ...ethernet, linkType: 113 } }
    const error = await failureOf(writer.addInterface(cooked))
    expect([error.code, error.message]).toEqual([
      'usage',
      'cannot write "shop/db any" into the same pcap: its link type 113 is not the 1 of the others',
    ])
    await writer.finish([])
    expect(output.bytes().length).toBe(24)
  })

  test('writes one header for all sources', async () => {
    const output = makeMemoryOutput()
    const writer = makePcapWriter(output)
    expect([await writer.addInterface(source), await writer.addInterface(source)]).toEqual([0, 1])
    await writer.writeRuns([makeRun(2, { length: 10 })])
    await writer.finish([])
    expect(output.bytes().length).toBe(24 + 2 * (16 + 10))
  })
})
