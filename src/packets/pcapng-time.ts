import { packetRow } from '../base/packet.ts'

/**
 * Writes the time of a packet, 64 bits at `at`, into the row at `row`. The row keeps the lower 32 bits of the seconds. Returns the upper ones, or -1
 * for a time that nanoseconds in 64 bits can't express: before 1970 or after 2554.
 */
export type TimeWriter = (rows: Uint32Array, row: number, view: DataView, at: number, littleEndian: boolean) => number

/** First second that does not fit completely. */
const endSeconds = Math.floor(2 ** 64 / 1e9)

/** Resolution unless the interface says otherwise: microseconds (draft §4.2). */
export const defaultResolution = 6

/**
 * Makes the writer for an interface's `if_tsresol` and `if_tsoffset`. The time stamps of its packets are 64-bit counts of ticks. A tick is a second
 * divided by a power of 10 or, with the upper bit set, of 2. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §4.2
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

/** Makes a writer for resolutions from microseconds to nanoseconds, without 64-bit integers. */
function makeDecimalWriter(ticksPerSecond: number, offsetSeconds: bigint): TimeWriter {
  const nanosecondsPerTick = 1e9 / ticksPerSecond
  const offset = Number(offsetSeconds)
  return (rows, row, view, at, littleEndian) => {
    const ticksLow = view.getUint32(at + 4, littleEndian)
    // A double holds 53 bits of the count, so the quotient may be off by one. The rest is then between -1 and 2 seconds, which fits 32 bits: the
    // lower words yield it exactly.
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
