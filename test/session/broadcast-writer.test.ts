import { expect, test } from 'vitest'
import { makeBroadcast } from '../../src/output/broadcast.ts'
import { addReaders, makeBroadcastWriter } from '../../src/session/broadcast-writer.ts'
import { makePcapngWriter } from '../../src/session/capture-writer.ts'
import { makeMemoryOutput } from '../support/memory-output.ts'
import { makeRun, parseBlocks } from '../support/packets.ts'

const section = { application: 'kcap', os: 'Linux', comment: 'a test', filter: '' }
const source = { name: 'shop/web eth0', description: '', header: { linkType: 1, snapLength: 100 } }

function open() {
  const broadcast = makeBroadcast({ namesBytes: 10_000, noteLoss: (bytes) => bytes })
  return { broadcast, readers: makeBroadcastWriter(broadcast, section) }
}

async function readAll(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

const typesOf = (bytes: Buffer) => parseBlocks(bytes).map(({ type }) => type)

test('a reader that joins late gets the section, the interfaces and the names, then the packets from now on', async () => {
  const { broadcast, readers } = open()
  await readers.addInterface(source)
  await readers.addNames([{ address: '10.0.0.1', name: 'web.shop' }])
  readers.writeRuns([makeRun(5)])
  const late = broadcast.join()
  readers.writeRuns([makeRun(2)])
  await readers.finish([])
  expect(typesOf(await readAll(late.pieces))).toEqual([0x0a0d0d0a, 1, 4, 6, 6])
})

test('the interface ids of readers are those of the file', async () => {
  const { broadcast, readers } = open()
  const output = makeMemoryOutput()
  const writer = addReaders(makePcapngWriter(output, section), readers)
  const reader = broadcast.join()
  expect([
    await writer.addInterface({ ...source, description: 'a' }),
    await writer.addInterface({ ...source, description: 'b' }),
  ]).toEqual([0, 1])
  await writer.writeRuns([makeRun(2, { interfaceId: 1 })])
  await writer.finish([])
  expect(await readAll(reader.pieces)).toEqual(output.bytes())
})

test('a reader that does not read keeps no packet from the file', async () => {
  const { broadcast, readers } = open()
  const output = makeMemoryOutput()
  const writer = addReaders(makePcapngWriter(output, section), readers)
  broadcast.join()
  await writer.addInterface(source)
  await writer.writeRuns([makeRun(3)])
  expect(await writer.finish([])).toBe(true)
  expect([writer.savedPackets, writer.savedBytes]).toEqual([3, output.bytes().length])
})
