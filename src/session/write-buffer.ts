import type { ByteOutput } from '../output/byte-output.ts'

/** One write of this size costs little more than one of a packet; and it is all that waits here for a slow reader, twice. */
const capacity = 1024 * 1024

/**
 * Bytes on their way to the output, in two buffers in turn: while one is with the kernel the other is filled, so that reading and writing
 * overlap and a fast stream is written in large pieces, a slow one at once. What is appended in one piece is written in one piece, so
 * that the output always ends with a whole block.
 */
export interface WriteBuffer {
  /**
   * Waits for room, then has `fill` write exactly `length` bytes at `at`. Calls are served in turn. Gives false when nobody reads any
   * more; throws what an earlier write failed with.
   */
  append(length: number, fill: (out: Buffer, at: number) => void): Promise<boolean>
  /** Settles when all of it is with the kernel. */
  drain(): Promise<boolean>
}

export function makeWriteBuffer(output: ByteOutput): WriteBuffer {
  let filling = Buffer.allocUnsafeSlow(capacity)
  let spare = Buffer.allocUnsafeSlow(capacity)
  let filled = 0
  let flushing: Promise<void> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let isGone = false
  let failure: { readonly error: unknown } | undefined

  const write = async (bytes: Buffer) => {
    try {
      if (!(await output.write(bytes))) isGone = true
    } catch (error) {
      failure ??= { error }
    }
  }
  const flush = () => {
    if (flushing !== undefined || filled === 0 || failure !== undefined) return
    const bytes = filling.subarray(0, filled)
    ;[filling, spare] = [spare, filling]
    filled = 0
    flushing = write(bytes).then(() => {
      flushing = undefined
      flush()
    })
  }
  const check = () => {
    if (failure !== undefined) throw failure.error
    return !isGone
  }
  const makeRoom = async (length: number) => {
    while (filled + length > capacity && flushing !== undefined) await flushing
  }
  const drain = async () => {
    while (flushing !== undefined) await flushing
    return check()
  }
  const appendNow = async (length: number, fill: (out: Buffer, at: number) => void) => {
    if (length > capacity) {
      await drain()
      const bytes = Buffer.allocUnsafeSlow(length)
      fill(bytes, 0)
      await write(bytes)
      return check()
    }
    await makeRoom(length)
    if (!check()) return false
    fill(filling, filled)
    filled += length
    flush()
    return true
  }
  return {
    append(length, fill) {
      const mine = turn.then(() => appendNow(length, fill))
      turn = mine.catch(() => {})
      return mine
    },
    drain: () => turn.then(drain),
  }
}
