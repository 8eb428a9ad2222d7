import { packetRow } from '../base/packet.ts'

/**
 * Writes the time of a packet, whose 64 bits lie at `at`, into the row at `row`. A row keeps the lower 32 bits of the seconds. Returns the upper
 * ones, or -1 for a time that nanoseconds in 64 bits do not reach: before 1970 or after 2554.
 */
export type TimeWriter = (rows: Uint32Array, row: number, view: DataView, at: number, littleEndian: boolean) => number

/** The first second that does not fit as a whole. */
const endSeconds = Math.floor(2 ** 64 / 1e9)

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
    const seconds = ticks / ticksPerSecond + offsetSeconds
    rows[row + packetRow.seconds] = Number(BigInt.asUintN(32, seconds))
    rows[row + packetRow.nanoseconds] = Number(((ticks % ticksPerSecond) * 1_000_000_000n) / ticksPerSecond)
    return findUpperSeconds(Number(seconds))
  }
}

/** From microseconds to nanoseconds, without an integer of 64 bits. */
function makeDecimalWriter(ticksPerSecond: number, offsetSeconds: bigint): TimeWriter {
  const nanosecondsPerTick = 1e9 / ticksPerSecond
  const offset = Number(offsetSeconds)
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
    seconds += offset
    rows[row + packetRow.seconds] = seconds
    rows[row + packetRow.nanoseconds] = rest * nanosecondsPerTick
    return seconds >= 0 && seconds < 4_294_967_296 ? 0 : findUpperSeconds(seconds)
  }
}

function findUpperSeconds(seconds: number): number {
  return seconds >= 0 && seconds < endSeconds ? Math.floor(seconds / 4_294_967_296) : -1
}
