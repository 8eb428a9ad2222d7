import { packetRow } from '../base/packet.ts'

/**
 * Writes the time of a packet, whose 64 bits lie at `at`, into the row at `row`. Of the seconds the row keeps the lower 32 bits, as a
 * pcap does: they last until 2106.
 */
export type TimeWriter = (rows: Uint32Array, row: number, view: DataView, at: number, littleEndian: boolean) => void

/** Microseconds, unless the interface says otherwise (draft §4.2). */
export const defaultResolution = 6

/**
 * Reads `if_tsresol` and `if_tsoffset` of an interface: the timestamps of its packets are 64-bit counts of ticks, a tick is a second
 * by a power of 10 or, with the upper bit set, of 2. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §4.2
 */
export function makeTimeWriter(resolution: number, offsetSeconds: bigint): TimeWriter {
  if (resolution >= 6 && resolution <= 9) return makeDecimalWriter(10 ** resolution, offsetSeconds)
  const exponent = BigInt(resolution & 0x7f)
  const ticksPerSecond = resolution < 0x80 ? 10n ** exponent : 1n << exponent
  return (rows, row, view, at, littleEndian) => {
    // The upper word comes first in either byte order (draft §4.3).
    const ticks = (BigInt(view.getUint32(at, littleEndian)) << 32n) + BigInt(view.getUint32(at + 4, littleEndian))
    rows[row + packetRow.seconds] = Number(BigInt.asUintN(32, ticks / ticksPerSecond + offsetSeconds))
    rows[row + packetRow.nanoseconds] = Number(((ticks % ticksPerSecond) * 1_000_000_000n) / ticksPerSecond)
  }
}

/** From microseconds to nanoseconds, without an integer of 64 bits. */
function makeDecimalWriter(ticksPerSecond: number, offsetSeconds: bigint): TimeWriter {
  const nanosecondsPerTick = 1e9 / ticksPerSecond
  const offset = Number(BigInt.asUintN(32, offsetSeconds))
  return (rows, row, view, at, littleEndian) => {
    const ticksLow = view.getUint32(at + 4, littleEndian)
    // A double holds 53 bits of the count, so that the quotient may be one off. Then the rest is between -1 and 2 seconds, which 32 bits
    // hold: the lower words give it exactly.
    let seconds = Math.floor((view.getUint32(at, littleEndian) * 4_294_967_296 + ticksLow) / ticksPerSecond)
    let rest = (ticksLow - Math.imul(seconds, ticksPerSecond)) | 0
    if (rest < 0) {
      seconds--
      rest += ticksPerSecond
    } else if (rest >= ticksPerSecond) {
      seconds++
      rest -= ticksPerSecond
    }
    rows[row + packetRow.seconds] = seconds + offset
    rows[row + packetRow.nanoseconds] = rest * nanosecondsPerTick
  }
}
