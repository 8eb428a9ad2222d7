import { expect, test } from 'vitest'
import type { ByteOutput } from '../../src/output/byte-output.ts'
import { makePcapWriter } from '../../src/session/capture-writer.ts'
import { makeRotatingWriter } from '../../src/session/rotating-writer.ts'
import { makeBatch } from '../support/packets.ts'

const source = { name: 'shop/orders-6c9f', interfaceName: 'eth0', header: { linkType: 1, snapLength: 100 } }

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
  const writer = await makeRotatingWriter({ fileBytes: 24 + 2 * 116, maxFiles }, openNext)
  await writer.addSource(source, '')
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
