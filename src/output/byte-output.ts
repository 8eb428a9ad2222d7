/** Where a capture goes. `write` settles when the bytes are handed to the kernel, so its caller is as slow as the reader. */
export interface ByteOutput {
  /** For people: the path, or what reads the stream. */
  readonly name: string
  /** Resolves when nobody will ever read again; a capture then ends as if it had been stopped. */
  readonly readerGone: Promise<void>
  /** Whether a reader waits for the stream's first bytes even before there is a packet. */
  readonly isLive: boolean
  /**
   * Throws `output-*` errors; returns false when the reader is gone. The bytes may be used again once it has settled. Of what only in part
   * could be written, a file keeps as many bytes as `findWhole` finds whole; without it, none.
   */
  write(bytes: Buffer, findWhole?: (part: Buffer) => number): Promise<boolean>
  close(): Promise<void>
}
