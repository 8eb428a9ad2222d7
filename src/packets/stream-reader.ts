import type { KcapError } from '../base/kcap-error.ts'

/** Reads a stream cut into any chunks. */
export interface StreamReader<Packets> {
  /**
   * Takes the next bytes and returns the packets they complete. The batches refer to `chunk`, so it must not be written again.
   * Nothing comes after a failure.
   */
  push(chunk: Buffer): Packets[]
  /** `not-a-capture` when the stream does not begin as a capture, `corrupt-capture` when a part of it cannot be one. */
  readonly failure: KcapError | undefined
  /** Bytes of a begun part that never came to its end. */
  readonly pendingLength: number
}
