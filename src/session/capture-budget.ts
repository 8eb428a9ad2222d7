import type { CaptureLimits } from '../base/capture-request.ts'
import { capturedLength, type PacketBatch, type PacketRun } from '../base/packet.ts'

/** Packets and bytes that the limits of a capture still allow, shared by all its sources. */
export interface CaptureBudget {
  /** Returns the packets that the limits allow, and deducts them. */
  take(runs: readonly PacketRun[]): readonly PacketRun[]
  /** The limit that is used up. */
  readonly spent: 'count' | 'size' | undefined
}

/** Bytes around a comment: header of the option, its padding, the end of the options. */
const optionOverhead = 11

/** Makes the budget of a capture. `bytesSpent` returns the bytes in the output that are not packets. */
export function makeCaptureBudget(
  limits: CaptureLimits,
  packetOverhead: number,
  bytesSpent: () => number,
): CaptureBudget {
  let packetsLeft = limits.packetCount ?? Number.POSITIVE_INFINITY
  let packetBytes = 0
  let spent: CaptureBudget['spent']
  const sizeOf = (batch: PacketBatch, i: number) => packetOverhead + capturedLength(batch, i)
  /** Returns how many packets of the run the limits allow. */
  const countAllowed = ({ batch, from, to, comment }: PacketRun): number => {
    let count = Math.min(to - from, packetsLeft)
    if (limits.outputBytes !== undefined) {
      const room = limits.outputBytes - bytesSpent()
      if (comment !== undefined) packetBytes += Buffer.byteLength(comment) + optionOverhead
      let fitting = 0
      for (; fitting < count && packetBytes + sizeOf(batch, from + fitting) <= room; fitting++)
        packetBytes += sizeOf(batch, from + fitting)
      if (fitting < count) spent = 'size'
      count = fitting
    }
    packetsLeft -= count
    if (packetsLeft <= 0) spent ??= 'count'
    return count
  }
  return {
    take(runs) {
      if (packetsLeft === Number.POSITIVE_INFINITY && limits.outputBytes === undefined) return runs
      return runs.flatMap((run) => {
        const count = spent === undefined ? countAllowed(run) : 0
        return count === 0 ? [] : [{ ...run, to: run.from + count }]
      })
    },
    get spent() {
      return spent
    },
  }
}
