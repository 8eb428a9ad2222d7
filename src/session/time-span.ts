import { type PacketRun, packetRow } from '../base/packet.ts'

/** Earliest and latest time of packets, in seconds and nanoseconds. */
export interface TimeSpan {
  note(run: Pick<PacketRun, 'batch' | 'from' | 'to'>): void
  readonly firstNs: bigint | undefined
  readonly lastNs: bigint | undefined
}

/** Returns an empty time span. Late packets are out of order, so it looks at every packet. */
export function makeTimeSpan(): TimeSpan {
  let firstSeconds = Number.POSITIVE_INFINITY
  let firstNanoseconds = 0
  let lastSeconds = Number.NEGATIVE_INFINITY
  let lastNanoseconds = 0
  const toNs = (seconds: number, nanoseconds: number) =>
    Number.isFinite(seconds) ? BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) : undefined
  return {
    note({ batch: { rows, upperSeconds = 0 }, from, to }) {
      const base = upperSeconds * 2 ** 32
      const end = to * packetRow.length
      for (let at = from * packetRow.length; at < end; at += packetRow.length) {
        const seconds = base + (rows[at + packetRow.seconds] as number)
        const nanoseconds = rows[at + packetRow.nanoseconds] as number
        if (seconds < firstSeconds || (seconds === firstSeconds && nanoseconds < firstNanoseconds)) {
          firstSeconds = seconds
          firstNanoseconds = nanoseconds
        }
        if (seconds > lastSeconds || (seconds === lastSeconds && nanoseconds > lastNanoseconds)) {
          lastSeconds = seconds
          lastNanoseconds = nanoseconds
        }
      }
    },
    get firstNs() {
      return toNs(firstSeconds, firstNanoseconds)
    },
    get lastNs() {
      return toNs(lastSeconds, lastNanoseconds)
    },
  }
}
