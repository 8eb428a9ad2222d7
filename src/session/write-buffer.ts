import { monotonicClock } from '../base/clock.ts'
import type { ByteOutput } from '../output/byte-output.ts'
import type { WholePart } from '../packets/whole-part.ts'

/** Size of each of the two buffers that wait for a slow reader; a longer piece is written by itself. */
const capacity = 1024 * 1024
/** Wanted size of a write: it costs little more than the write of a single packet. */
const wantedBytes = 256 * 1024
/** Time that a fast stream is held back, to be written in pieces of that size; bytes that arrive after a pause are written at once. */
const holdMs = 3

/**
 * Bytes on their way to the output, in two alternating buffers. One is filled while the kernel has the other, so that reading and writing overlap.
 * Bytes appended in one piece are written in one piece, so that the output always ends with a whole block.
 */
export interface WriteBuffer {
  /**
   * Waits for room, then lets `fill` write exactly `length` bytes at `at`, with `packets` packets in them. Calls are served in order. Returns false
   * when nobody reads any more. Where there is room it returns the result itself, not a promise: a packet then costs no turn of the event loop.
   * @throws {KcapError} output-* — when an earlier write failed
   */
  append(length: number, packets: number, fill: Fill): boolean | Promise<boolean>
  /** Settles when the kernel has all bytes. */
  drain(): Promise<boolean>
  /** Packets that the kernel has; for a write that was cut off, those that the output has kept. */
  readonly savedPackets: number
}

type Fill = (out: Buffer, at: number) => void

/** Makes the buffer. `findWhole` returns what is whole in the first part of a piece; `position` is the number of bytes before the piece. */
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
      // Waits until everything that has arrived by now is in the buffer too.
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
