import type { CaptureLimits } from '../base/capture-request.ts'
import { capturedLength, type PacketBatch, takePackets } from '../base/packet.ts'

/** What may still be written until a limit is reached; shared by all sources of a capture. */
export interface CaptureBudget {
  /** The packets of the batch that the limits allow, which are then spent. */
  take(batch: PacketBatch): PacketBatch
  /** The limit that is used up. */
  readonly spent: 'count' | 'size' | undefined
}

/** `bytesSpent`: what the output already holds besides packets. */
export function makeCaptureBudget(
  limits: CaptureLimits,
  packetOverhead: number,
  bytesSpent: () => number,
): CaptureBudget {
  let packetsLeft = limits.packetCount ?? Number.POSITIVE_INFINITY
  let packetBytes = 0
  let spent: CaptureBudget['spent']
  const sizeOf = (batch: PacketBatch, i: number) => packetOverhead + capturedLength(batch, i)
  return {
    take(batch) {
      if (spent !== undefined) return takePackets(batch, 0)
      let count = Math.min(batch.count, packetsLeft)
      if (limits.outputBytes !== undefined) {
        const room = limits.outputBytes - bytesSpent()
        let fitting = 0
        for (; fitting < count && packetBytes + sizeOf(batch, fitting) <= room; fitting++)
          packetBytes += sizeOf(batch, fitting)
        if (fitting < count) spent = 'size'
        count = fitting
      }
      packetsLeft -= count
      if (packetsLeft <= 0) spent ??= 'count'
      return takePackets(batch, count)
    },
    get spent() {
      return spent
    },
  }
}
