import type { KcapError } from '../base/kcap-error.ts'

/** Reader of a stream that is cut into any chunks. */
export interface StreamReader<Packets> {
  /**
   * Takes the next bytes; returns the packets that they complete. The batches refer to `chunk`, so it must not be written to again. Returns nothing
   * after a failure.
   */
  push(chunk: Buffer): Packets[]
  /** Error `not-a-capture` when the stream does not begin like a capture, `corrupt-capture` when a part of it can't be one. */
  readonly failure: KcapError | undefined
  /** Bytes of a part that has begun but not ended. */
  readonly pendingLength: number
}
