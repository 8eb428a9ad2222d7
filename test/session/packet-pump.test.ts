import { expect, test } from 'vitest'
import type { PacketRun } from '../../src/base/packet.ts'
import { makePacketPump } from '../../src/session/packet-pump.ts'
import { makeBatch } from '../support/packets.ts'
import { passQuietTime } from '../support/quiet-time.ts'

/** A packet that was captured this long before now. */
function batchBefore(agoMs: number) {
  const timeMs = Date.now() - agoMs
  return makeBatch([
    {
      seconds: Math.floor(timeMs / 1000),
      nanoseconds: Math.round((timeMs % 1000) * 1e6),
      data: Buffer.of(0),
      originalLength: 1,
    },
  ])
}

test('packets that a joining source captured before it was known to capture are not overtaken', async () => {
  const written: number[] = []
  const pump = makePacketPump(200, (runs: readonly PacketRun[]) => {
    for (const { interfaceId } of runs) written.push(interfaceId)
    return undefined
  })
  const first = pump.addSource(0)
  void first.push([batchBefore(0)])
  await expect.poll(() => written).toEqual([0])
  const release = pump.hold()
  void first.push([batchBefore(0)])
  await passQuietTime()
  const second = pump.addSource(1)
  release()
  void second.push([batchBefore(1_000), batchBefore(0)])
  void first.push([batchBefore(0)])
  await expect.poll(() => written.length).toBeGreaterThan(2)
  expect(written.slice(0, 3)).toEqual([0, 1, 0])
  first.end()
  second.end()
  await pump.finish()
  expect(written).toHaveLength(5)
})

test('with an infinite window a source that is ahead waits, and no packet overtakes an earlier one', async () => {
  const written: number[] = []
  const pump = makePacketPump(Number.POSITIVE_INFINITY, (runs: readonly PacketRun[]) => {
    for (const { batch, from, to } of runs) for (let i = from; i < to; i++) written.push(batch.rows[i * 5] as number)
    return undefined
  })
  const batchAt = (seconds: number, length = 1) =>
    makeBatch([{ seconds, nanoseconds: 0, data: Buffer.alloc(length), originalLength: length }])
  const quick = pump.addSource(0)
  const slow = pump.addSource(1)
  let waiting: Promise<void> | undefined
  let pushed = 0
  while (waiting === undefined && pushed < 100) waiting = quick.push([batchAt(2 * pushed++, 1_000_000)])
  expect(pushed).toBeLessThan(20)
  await passQuietTime()
  expect(written).toEqual([])
  void slow.push([batchAt(1)])
  void slow.push([batchAt(2 * pushed)])
  await waiting
  quick.end()
  slow.end()
  await pump.finish()
  expect(written).toEqual([...written].toSorted((a, b) => a - b))
  expect(written).toHaveLength(pushed + 2)
})
