import { monotonicClock } from '../base/clock.ts'
import type { ByteOutput } from '../output/byte-output.ts'
import type { WholePart } from '../packets/whole-part.ts'

/** What waits here for a slow reader, twice; a piece that is longer is written by itself. */
const capacity = 1024 * 1024
/** A write of this size costs little more than one of a packet. */
const wantedBytes = 256 * 1024
/** A fast stream is held back this long to be written in such pieces; what comes after a pause is written at once. */
const holdMs = 3

/**
 * Bytes on their way to the output, in two buffers in turn: while one is with the kernel the other is filled, so that reading and writing
 * overlap. What is appended in one piece is written in one piece, so that the output always ends with a whole block.
 */
export interface WriteBuffer {
  /**
   * Waits for room, then has `fill` write exactly `length` bytes at `at`, with so many packets in them. Calls are served in turn. Returns false when nobody reads any
   * more; throws what an earlier write failed with. Where there is room it gives the answer itself and not a promise: a packet then costs
   * no turn of the event loop.
   */
  append(length: number, packets: number, fill: Fill): boolean | Promise<boolean>
  /** Settles when all of it is with the kernel. */
  drain(): Promise<boolean>
  /** Packets that are with the kernel; of a write that was cut off, those that the output has kept. */
  readonly savedPackets: number
}

type Fill = (out: Buffer, at: number) => void

/** `findWhole` tells of the beginning of a piece what is whole there, given how many bytes went before the piece. */
export function makeWriteBuffer(
  output: ByteOutput,
  findWhole: (part: Buffer, position: number) => WholePart,
): WriteBuffer {
  let filling = Buffer.allocUnsafeSlow(capacity)
  let spare = Buffer.allocUnsafeSlow(capacity)
  let filled = 0
  let filledPackets = 0
  let position = 0
  let savedPackets = 0
  let flushing: Promise<void> | undefined
  let cancelHold: (() => void) | undefined
  let lastFlushMs = 0
  let queued = 0
  let turn: Promise<unknown> = Promise.resolve()
  let isGone = false
  let failure: { readonly error: unknown } | undefined

  const write = async (bytes: Buffer, packets: number) => {
    const keepWhole = (part: Buffer) => {
      const whole = findWhole(part, position)
      savedPackets += whole.packets
      return whole.bytes
    }
    try {
      if (!(await output.write(bytes, keepWhole))) {
        isGone = true
        return
      }
      position += bytes.length
      savedPackets += packets
    } catch (error) {
      failure ??= { error }
    }
  }
  const flush = () => {
    cancelHold?.()
    cancelHold = undefined
    if (flushing !== undefined || filled === 0 || failure !== undefined) return
    const bytes = filling.subarray(0, filled)
    const packets = filledPackets
    ;[filling, spare] = [spare, filling]
    filled = 0
    filledPackets = 0
    lastFlushMs = monotonicClock.nowMs()
    flushing = write(bytes, packets).then(() => {
      flushing = undefined
      flushSoon()
    })
  }
  const flushSoon = () => {
    if (flushing !== undefined || filled === 0) return
    if (filled >= wantedBytes) flush()
    else if (cancelHold !== undefined) return
    else if (monotonicClock.nowMs() - lastFlushMs < holdMs) {
      const timer = setTimeout(flush, holdMs)
      cancelHold = () => clearTimeout(timer)
    } else {
      // Not before what else has come by now is here too.
      const immediate = setImmediate(flush)
      cancelHold = () => clearImmediate(immediate)
    }
  }
  const check = () => {
    if (failure !== undefined) throw failure.error
    return !isGone
  }
  const put = (length: number, packets: number, fill: Fill) => {
    if (!check()) return false
    fill(filling, filled)
    filled += length
    filledPackets += packets
    flushSoon()
    return true
  }
  const drain = async () => {
    for (flush(); flushing !== undefined; flush()) await flushing
    return check()
  }
  const putInTurn = async (length: number, packets: number, fill: Fill) => {
    if (length > capacity) {
      await drain()
      const bytes = Buffer.allocUnsafeSlow(length)
      fill(bytes, 0)
      await write(bytes, packets)
      return check()
    }
    while (filled + length > capacity) {
      flush()
      if (flushing === undefined) break
      await flushing
    }
    return put(length, packets, fill)
  }
  const takeTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    queued++
    const mine = turn.then(work).finally(() => queued--)
    turn = mine.catch(() => {})
    return mine
  }
  return {
    append: (length, packets, fill) =>
      queued === 0 && filled + length <= capacity
        ? put(length, packets, fill)
        : takeTurn(() => putInTurn(length, packets, fill)),
    drain: () => takeTurn(drain),
    get savedPackets() {
      return savedPackets
    },
  }
}
