import { expect, test } from 'vitest'
import { type BroadcastReader, makeBroadcast } from '../../src/output/broadcast.ts'

const open = (queueBytes?: number) => makeBroadcast({ queueBytes, namesBytes: 10, noteLoss: (bytes) => bytes })
const bytes = (text: string) => Buffer.from(text)
const packets = (text: string) => ({ bytes: bytes(text), packets: text.length })

async function readAll({ pieces }: BroadcastReader): Promise<string> {
  let all = ''
  for await (const piece of pieces) all += piece.toString()
  return all
}

test('a late reader of a broadcast gets the header, all interfaces and the resolved names first, then packets from then on', async () => {
  const broadcast = open()
  broadcast.publishHeader(bytes('SECTION '))
  const early = broadcast.join()
  broadcast.publishHeader(bytes('IF0 '))
  broadcast.publishNames(bytes('names '))
  broadcast.publish(packets('abc '))
  broadcast.publishHeader(bytes('IF1 '))
  const late = broadcast.join()
  broadcast.publish(packets('def '))
  broadcast.end()
  expect(await readAll(early)).toBe('SECTION IF0 names abc IF1 def ')
  expect(await readAll(late)).toBe('SECTION IF0 IF1 names def ')
})

test('resolved names of a broadcast wait for the interfaces before the first packet', async () => {
  const broadcast = open()
  const reader = broadcast.join()
  broadcast.publishNames(bytes('names '))
  broadcast.publishHeader(bytes('IF0 '))
  broadcast.end()
  expect(await readAll(reader)).toBe('IF0 names ')
})

test('a late reader of a broadcast gets the newest of many resolved names', async () => {
  const broadcast = open()
  for (const text of ['names1', 'names2', 'n3']) broadcast.publishNames(bytes(text))
  broadcast.publish(packets('a'))
  const late = broadcast.join()
  broadcast.end()
  expect(await readAll(late)).toBe('names2n3')
})

test('a broadcast reader that stalls loses packets, and the others lose none', async () => {
  const broadcast = open(100)
  const [stalled, good] = [broadcast.join(), broadcast.join()]
  const reading = readAll(good)
  for (let i = 0; i < 50; i++) {
    broadcast.publish(packets('0123456789'))
    await new Promise(setImmediate)
  }
  broadcast.end()
  expect((await reading).length).toBe(500)
  expect(good.figures).toEqual({ packets: 500, bytes: 500, lostPackets: 0 })
  expect(stalled.figures.lostPackets).toBe(400)
})

test('a broadcast no longer counts a reader that has left', async () => {
  const broadcast = open()
  const reader = broadcast.join()
  expect(broadcast.readerCount).toBe(1)
  reader.leave()
  expect(broadcast.readerCount).toBe(0)
  broadcast.publish(packets('abc'))
  expect(await readAll(reader)).toBe('')
})
