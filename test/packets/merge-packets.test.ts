import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PacketBatch, PacketRun } from '../../src/base/packet.ts'
import { makePacketMerger, type PacketMerger } from '../../src/packets/merge-packets.ts'
import { makeBatch, toPackets } from '../support/packets.ts'

const startMs = 1_700_000_000_000
const holdMs = 1_200

/** Packets at these milliseconds after the start, their payload the number of their source. */
function batchAt(timesMs: readonly number[], source: number): PacketBatch {
  return makeBatch(
    timesMs.map((timeMs) => ({
      seconds: Math.floor((startMs + timeMs) / 1000),
      nanoseconds: Math.round(((startMs + timeMs) % 1000) * 1e6),
      data: Buffer.of(source),
      originalLength: 1,
    })),
  )
}

function takeAll(merger: PacketMerger, atMs: number): { source: number; timeMs: number }[] {
  const taken: PacketRun[] = []
  for (let runs = merger.take(startMs + atMs); runs.length > 0; runs = merger.take(startMs + atMs)) taken.push(...runs)
  return taken.flatMap(({ interfaceId, batch, from, to }) =>
    toPackets([batch])
      .slice(from, to)
      .map(({ seconds, nanoseconds }) => ({
        source: interfaceId,
        timeMs: seconds * 1000 + nanoseconds / 1e6 - startMs,
      })),
  )
}

const times = (packets: readonly { timeMs: number }[]) => packets.map(({ timeMs }) => timeMs)

function makeMerger(maxQueuedBytes = 1e6) {
  return makePacketMerger({ handOverMs: 1_000, windowMs: 200, maxQueuedBytes })
}

describe('the packet merger with several sources', () => {
  test('keeps time order, and releases a packet once every source has a later one', () => {
    const merger = makeMerger()
    const [a, b] = [merger.addSource(0), merger.addSource(1)]
    a.push(batchAt([1, 4, 5], 0), startMs + 6)
    b.push(batchAt([2, 3, 6], 1), startMs + 6)
    expect(takeAll(merger, 6)).toEqual([
      { source: 0, timeMs: 1 },
      { source: 1, timeMs: 2 },
      { source: 1, timeMs: 3 },
      { source: 0, timeMs: 4 },
      { source: 0, timeMs: 5 },
    ])
  })

  test('waits for a silent source for exactly the window', () => {
    const merger = makeMerger()
    const [a] = [merger.addSource(0), merger.addSource(1)]
    a.push(batchAt([0, 100], 0), startMs + 100)
    expect(merger.readyMs()).toBe(startMs + holdMs)
    expect(takeAll(merger, holdMs - 1)).toEqual([])
    expect(times(takeAll(merger, holdMs))).toEqual([0])
    expect(times(takeAll(merger, holdMs + 100))).toEqual([100])
    expect(merger.readyMs()).toBeUndefined()
  })

  test('counts the time that the kernel has held packets back as waiting time', () => {
    const merger = makeMerger()
    const [a] = [merger.addSource(0), merger.addSource(1)]
    a.push(batchAt([0], 0), startMs)
    takeAll(merger, holdMs)
    a.push(batchAt([2_000, 2_900, 3_000], 0), startMs + 3_000)
    expect(times(takeAll(merger, 2_000 + holdMs))).toEqual([2_000])
  })

  test('waits longer for a source that was late, for a while', () => {
    const merger = makeMerger()
    const [a, b] = [merger.addSource(0), merger.addSource(1)]
    b.push(batchAt([0, 1_500], 1), startMs + 1_500)
    a.push(batchAt([2_000], 0), startMs + 2_000)
    takeAll(merger, 2_000)
    expect(merger.readyMs()).toBe(startMs + 2_000 + 1_500 + 200)
  })

  test('waits only for the remaining sources after one has ended', () => {
    const merger = makeMerger()
    const [a, b] = [merger.addSource(0), merger.addSource(1)]
    a.push(batchAt([1], 0), startMs + 1)
    b.end()
    expect(times(takeAll(merger, 1))).toEqual([1])
  })

  test('sorts in the packets of a source that joins late', () => {
    const merger = makeMerger()
    const a = merger.addSource(0)
    const b = merger.addSource(1)
    a.push(batchAt([10, 30], 0), startMs + 30)
    const c = merger.addSource(2)
    b.push(batchAt([40], 1), startMs + 40)
    c.push(batchAt([20], 2), startMs + 41)
    c.end()
    expect(times(takeAll(merger, 41))).toEqual([10, 20, 30])
  })

  test('does not wait for a source whose clock is an hour behind, nor one whose clock is ahead', () => {
    for (const offsetMs of [-3_600_000, 3_600_000]) {
      const merger = makeMerger()
      const [a, b] = [merger.addSource(0), merger.addSource(1)]
      merger.addSource(2)
      for (let now = 0; now < 10_000; now += 100) {
        a.push(batchAt([now], 0), startMs + now)
        b.push(batchAt([now + offsetMs], 1), startMs + now)
        const waiting = 10
        expect(merger.queuedBytes).toBeLessThanOrEqual(25 * 2 * (holdMs / 100 + waiting))
        takeAll(merger, now)
      }
      expect(takeAll(merger, 10_000 + holdMs).filter(({ source }) => source === 0).length).toBeGreaterThan(0)
      expect(merger.queuedBytes).toBe(0)
    }
  })

  test('does not wait beyond its memory limit', () => {
    const merger = makeMerger(1_000)
    const [a] = [merger.addSource(0), merger.addSource(1)]
    for (let i = 0; i < 100; i++) {
      a.push(batchAt([i], 0), startMs + i)
      takeAll(merger, i)
      expect(merger.queuedBytes).toBeLessThanOrEqual(1_000 + 25)
    }
  })

  test('orders packets of the same time by their sources, and does not split what follows at once in a source', () => {
    const merger = makeMerger()
    const [a, b, c] = [merger.addSource(0), merger.addSource(1), merger.addSource(2)]
    c.push(batchAt([1, 2, 2, 3], 2), startMs + 3)
    b.push(batchAt([2, 3], 1), startMs + 3)
    a.push(batchAt([2, 3], 0), startMs + 3)
    for (const input of [a, b, c]) input.end()
    expect(takeAll(merger, 3).map(({ source, timeMs }) => `${timeMs}${'abc'[source]}`)).toEqual([
      '1c',
      '2c',
      '2c',
      '2a',
      '2b',
      '3b',
      '3a',
      '3c',
    ])
  })

  test('waits for nothing before the first packet, or after all sources have ended', () => {
    const merger = makeMerger()
    const [a, b] = [merger.addSource(0), merger.addSource(1)]
    expect([takeAll(merger, 0), merger.readyMs()]).toEqual([[], undefined])
    b.end()
    b.end()
    a.push(batchAt([1], 0), startMs + 1)
    a.end()
    expect(times(takeAll(merger, 1))).toEqual([1])
    expect(merger.readyMs()).toBeUndefined()
  })

  test('keeps the comment of a batch with its first packet', () => {
    const merger = makeMerger()
    const [a, b] = [merger.addSource(0), merger.addSource(1)]
    a.push(batchAt([1, 3], 0), startMs + 3, 'joined')
    b.push(batchAt([2, 4], 1), startMs + 4)
    const runs = merger.take(startMs + 4)
    expect(runs.map(({ interfaceId, comment }) => [interfaceId, comment])).toEqual([
      [0, 'joined'],
      [1, undefined],
      [0, undefined],
    ])
  })

  test('returns each packet once, in order within a source and of time over all, whatever the sources do', () => {
    const source = fc.array(fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(source, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat(5)), (sources, turns) => {
        const merger = makeMerger()
        const inputs = sources.map((_, i) => merger.addSource(i))
        const queues = sources.map((batches) => {
          let at = 0
          return batches.map((gaps) => gaps.map((gap) => (at += gap)))
        })
        const sent = queues.map((batches) => batches.flat())
        const got: { source: number; timeMs: number }[] = []
        while (queues.some((queue) => queue.length > 0)) {
          const turn = (turns.next().value as number) % queues.length
          const batch = queues[turn]?.shift()
          // All come at one moment: nothing has waited, so that only the order decides.
          if (batch !== undefined) inputs[turn]?.push(batchAt(batch, turn), startMs + 1_000)
          got.push(...takeAll(merger, 1_000))
        }
        for (const input of inputs) input.end()
        got.push(...takeAll(merger, 1_000))
        expect(merger.queuedBytes).toBe(0)
        for (const [i, expected] of sent.entries())
          expect(times(got.filter((packet) => packet.source === i))).toEqual(expected)
        expect(times(got)).toEqual(times(got).sort((a, b) => a - b))
      }),
    )
  })
})
