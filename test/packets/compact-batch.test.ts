import { expect, test } from 'vitest'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { compactBatch } from '../../src/packets/compact-batch.ts'
import { makePacketMerger } from '../../src/packets/merge-packets.ts'
import { makeBatch, toPackets } from '../support/packets.ts'
import { makeBlockFormat } from '../support/pcapng-blocks.ts'

const packet = (text: string) => ({ seconds: 1, nanoseconds: 2, data: Buffer.from(text), originalLength: 99 })

/** Returns the packets in a buffer of that size, surrounded by other bytes. */
function spread(texts: readonly string[], bufferBytes: number) {
  const { bytes, count, rows, capturedBytes } = makeBatch(texts.map(packet))
  const large = Buffer.alloc(bufferBytes, 'x')
  bytes.copy(large, 1_000)
  for (let row = 0; row < count; row++) rows[row * 5 + 2] = (rows[row * 5 + 2] as number) + 1_000
  return { bytes: large, count, rows, capturedBytes }
}

test('compactBatch moves packets out of a buffer that they take little of, and leaves others where they are', () => {
  const texts = ['one', '', 'three']
  const compact = compactBatch(spread(texts, 512 * 1024))
  expect(compact.bytes.length).toBe(8)
  expect(toPackets([compact])).toEqual(texts.map(packet))
  const full = spread(['x'.repeat(20_000)], 512 * 1024)
  expect(compactBatch(full)).toBe(full)
  const small = spread(texts, 16 * 1024)
  expect(compactBatch(small)).toBe(small)
})

test('packets between megabytes of unread blocks keep none of these in memory while they wait', () => {
  const { block, enhanced, interface: describe, section } = makeBlockFormat(true)
  const round = Buffer.concat([enhanced(0, 1n, Buffer.from('packet')), block(0x0bad, Buffer.alloc(60_000))])
  const reader = makeCaptureReader('x')
  const merger = makePacketMerger({ handOverMs: 1_000, windowMs: 200, maxQueuedBytes: 1e9 })
  const input = merger.addSource(0)
  merger.addSource(1)
  reader.push(Buffer.concat([section(), describe()]))
  for (let i = 0; i < 1_000; i++) {
    for (const batch of reader.push(Buffer.from(round))) input.push(batch, 0)
  }
  expect(merger.queuedBytes).toBe(1_000 * (6 + 20))
  expect(merger.heldBytes).toBeLessThan(100_000)
})

test('a merger counts a buffer once while one of its packets waits', () => {
  const merger = makePacketMerger({ handOverMs: 1_000, windowMs: 200, maxQueuedBytes: 1e9 })
  const input = merger.addSource(0)
  const large = spread(['one'], 100_000)
  for (let i = 0; i < 3; i++) input.push({ ...large, rows: large.rows.slice() }, 0)
  expect(merger.heldBytes).toBe(100_000)
  merger.take(5_000)
  expect(merger.heldBytes).toBe(0)
})
