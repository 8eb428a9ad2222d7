import type { CaptureWriter } from './capture-writer.ts'

/** Open output of a request, and the writer for its format. */
export interface OpenWriter {
  readonly writer: CaptureWriter
  /** Name for people: the path, or what reads the stream. */
  readonly name: string
  readonly readerGone: Promise<void>
  readonly isLive: boolean
  /** Files of the output, the oldest first; none when the packets go elsewhere. */
  readonly files: readonly string[]
  /**
   * Closes the output.
   * @throws {KcapError} output-* — when that fails
   * @throws {KcapError} store-incomplete — when files could not be stored in time
   */
  close(): Promise<void>
}
