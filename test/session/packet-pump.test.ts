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
