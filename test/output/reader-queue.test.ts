import { expect, test } from 'vitest'
import { makeReaderQueue } from '../../src/output/reader-queue.ts'

const piece = (text: string, packets = 1) => ({ bytes: Buffer.from(text), packets })
const noteLoss = (bytes: Buffer, lost: number) => Buffer.concat([Buffer.from(`[${lost}]`), bytes])
const next = async (pieces: AsyncGenerator<Buffer>) => (await pieces.next()).value?.toString()

test('the reader queue joins small pieces that wait for the reader', async () => {
  const queue = makeReaderQueue(100, noteLoss)
  const pieces = queue.pieces()
  for (const text of ['a', 'b', 'c']) queue.add(piece(text))
  expect(await next(pieces)).toBe('abc')
  queue.add(piece('d'))
  expect(await next(pieces)).toBe('d')
  expect(queue.figures).toEqual({ packets: 3, bytes: 3, lostPackets: 0 })
})

test('the reader queue drops packets beyond its limit, and the next packets carry their number', async () => {
  const queue = makeReaderQueue(4, noteLoss)
  const pieces = queue.pieces()
  queue.add(piece('abcd', 2))
  queue.add(piece('e', 3))
  queue.add(piece('f', 4))
  expect(await next(pieces)).toBe('abcd')
  // The reader has not asked for more: it still has these four bytes.
  queue.add(piece('g', 5))
  const waiting = next(pieces)
  await Promise.resolve()
  queue.add(piece('h'))
  expect(await waiting).toBe('[12]h')
  expect(queue.figures.lostPackets).toBe(12)
})

test('the reader queue takes header blocks beyond its limit, so that later packets are readable', async () => {
  const queue = makeReaderQueue(4, noteLoss)
  queue.add(piece('abcd'))
  queue.addHeader(Buffer.from('HEAD'))
  queue.add(piece('e'))
  queue.end()
  expect(await next(queue.pieces())).toBe('abcdHEAD')
  expect(queue.figures.lostPackets).toBe(1)
})

test('the reader queue ends a reader that does not even keep up with the header blocks', async () => {
  const queue = makeReaderQueue(4, noteLoss)
  queue.addHeader(Buffer.from('12345678'))
  queue.addHeader(Buffer.from('9'))
  expect(await queue.pieces().next()).toEqual({ done: true, value: undefined })
})

test('end() delivers the queued bytes to the reader, abandon() does not', async () => {
  const [ended, abandoned] = [makeReaderQueue(9, noteLoss), makeReaderQueue(9, noteLoss)]
  for (const queue of [ended, abandoned]) queue.add(piece('a'))
  ended.end()
  abandoned.abandon()
  const pieces = ended.pieces()
  expect([await next(pieces), await next(pieces)]).toEqual(['a', undefined])
  expect(await next(abandoned.pieces())).toBeUndefined()
})

test('a reader that is cut off after the end has lost what it did not take, the piece on its way included', async () => {
  const queue = makeReaderQueue(9, noteLoss)
  queue.add({ bytes: Buffer.from('a'), packets: 3 })
  const pieces = queue.pieces()
  await next(pieces)
  queue.add({ bytes: Buffer.from('b'), packets: 4 })
  queue.end()
  queue.abandon()
  queue.abandon()
  expect(queue.figures).toEqual({ packets: 0, bytes: 0, lostPackets: 7 })
  expect(await next(pieces)).toBeUndefined()
})

test('abandon() ends a waiting reader', async () => {
  const queue = makeReaderQueue(9, noteLoss)
  const waiting = next(queue.pieces())
  queue.abandon()
  expect(await waiting).toBeUndefined()
})
