/** Destination of a capture. `write` settles when the kernel has the bytes, so the caller is as slow as the reader. */
export interface ByteOutput {
  /** Display name: the path, or whatever reads the stream. */
  readonly name: string
  /** Resolves when nobody will ever read again; the capture then ends as if it had been stopped. */
  readonly readerGone: Promise<void>
  /** Whether a reader waits for the stream's first bytes even before there is a packet. */
  readonly isLive: boolean
  /**
   * Writes all bytes. Returns false if the reader is gone. The buffer may be reused once this settles. After a partial write, a file keeps as many
   * bytes as `findWhole` finds complete; without it, none.
   * @throws {KcapError} output-* — when the output cannot be written
   */
  write(bytes: Buffer, findWhole?: (part: Buffer) => number): Promise<boolean>
  close(): Promise<void>
}
