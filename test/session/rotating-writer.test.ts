import { expect, test } from 'vitest'
import type { FileFigures } from '../../src/base/file-figures.ts'
import type { ByteOutput } from '../../src/output/byte-output.ts'
import { makePcapngWriter, makePcapWriter } from '../../src/session/capture-writer.ts'
import { makeRotatingWriter } from '../../src/session/rotating-writer.ts'
import { makeBatch, parseBlocks } from '../support/packets.ts'

const source = { name: 'shop/orders-6c9f eth0', description: '', header: { linkType: 1, snapLength: 100 } }

/** Files with room for two packets; as many as are said can be opened. */
async function openRing(maxFiles: number | undefined, available: number) {
  let opened = 0
  const openNext = async () => {
    if (opened++ === available) throw new Error('no file is left')
    const output: ByteOutput = {
      name: `file ${opened}`,
      readerGone: new Promise(() => {}),
      isLive: false,
      write: async () => true,
      close: async () => {},
    }
    return makePcapWriter(output)
  }
  const finished: FileFigures[] = []
  const writer = await makeRotatingWriter(
    { fileBytes: 24 + 2 * 116 },
    {
      async openNext(figures) {
        const next = await openNext()
        if (figures !== undefined) finished.push(figures)
        if (finished.length >= (maxFiles ?? Number.POSITIVE_INFINITY)) finished.shift()
        return next
      },
      get kept() {
        const sum = (key: 'packets' | 'bytes') => finished.reduce((total, figures) => total + figures[key], 0)
        return { packets: sum('packets'), bytes: sum('bytes') }
      },
    },
  )
  await writer.addInterface(source)
  return writer
}

function makePackets(count: number) {
  const packet = { seconds: 1, nanoseconds: 1, data: Buffer.alloc(100), originalLength: 100 }
  return [{ interfaceId: 0, batch: makeBatch(Array(count).fill(packet)), from: 0, to: count }]
}

test.each([
  [undefined, 7],
  [1, 1],
  [2, 3],
  [3, 5],
])('of 7 packets, 2 a file, with the newest %s files kept, %s are saved', async (maxFiles, saved) => {
  const writer = await openRing(maxFiles, 10)
  await writer.writeRuns(makePackets(7))
  await writer.finish([])
  expect(writer.savedPackets).toBe(saved)
})

test('where no further file can be opened, each packet counts once', async () => {
  const writer = await openRing(undefined, 2)
  await expect(writer.writeRuns(makePackets(5))).rejects.toThrow('no file is left')
  expect([writer.savedPackets, writer.written.packets]).toEqual([4, 4 * 116])
})

/** Files of a pcapng ring, as bytes. */
function openPcapngRing(fileBytes: number) {
  const files: Buffer[] = []
  const openNext = async () => {
    const index = files.push(Buffer.alloc(0)) - 1
    return makePcapngWriter(
      {
        name: `file ${index}`,
        readerGone: new Promise(() => {}),
        isLive: false,
        write: async (bytes) => {
          files[index] = Buffer.concat([files[index] as Buffer, bytes])
          return true
        },
        close: async () => {},
      },
      { application: 'kcap', os: '', comment: '', filter: '' },
    )
  }
  return { files, writer: makeRotatingWriter({ fileBytes }, { openNext, kept: { packets: 0, bytes: 0 } }) }
}

const countPackets = (file: Buffer) => parseBlocks(file).filter(({ type }) => type === 6).length
const readKeys = (file: Buffer) =>
  parseBlocks(file)
    .flatMap(({ type, body }) => (type === 10 ? [body.toString('latin1', 8)] : []))
    .join('')
const keyLine = (i: number) => `CLIENT_RANDOM ${String(i).padStart(64, '0')} ${'ab'.repeat(48)}\n`
const keyLines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => keyLine(from + i)).join('')

test('a packet that is longer than a file has one of its own', async () => {
  const ring = openPcapngRing(300)
  const writer = await ring.writer
  await writer.addInterface(source)
  await writer.writeRuns(makePackets(3))
  await writer.finish([])
  expect(ring.files.map(countPackets)).toEqual([1, 1, 1])
})

test('keys from before the first packet take half of the first file, and the newest are in it', async () => {
  const ring = openPcapngRing(64_000)
  const writer = await ring.writer
  await writer.addInterface(source)
  await writer.addTlsSecrets(keyLines(0, 1_000))
  await writer.writeRuns(makePackets(1))
  await writer.finish([])
  const [file = Buffer.alloc(0)] = ring.files
  expect(readKeys(file)).toContain(keyLine(999))
  expect(readKeys(file).length).toBeLessThanOrEqual(32_000)
  expect(file.length).toBeLessThan(33_000)
})

test('keys that do not fit into a file go into the next, and no file is longer than its limit', async () => {
  const ring = openPcapngRing(64_000)
  const writer = await ring.writer
  await writer.addInterface(source)
  for (let i = 0; i < 40; i++) {
    await writer.writeRuns(makePackets(10))
    await writer.addTlsSecrets(keyLines(i * 50, i * 50 + 50))
  }
  await writer.writeRuns(makePackets(1))
  await writer.finish([])
  expect(ring.files.length).toBeGreaterThan(3)
  expect(ring.files.reduce((sum, file) => sum + countPackets(file), 0)).toBe(401)
  for (const file of ring.files) expect(file.length).toBeLessThanOrEqual(64_000)
  for (let i = 0; i < 2_000; i++) expect(ring.files.some((file) => readKeys(file).includes(keyLine(i)))).toBe(true)
})
