/** File open for writing. */
export interface WritableFile {
  /** Writes bytes at `position` and returns how many were written. */
  write(bytes: Buffer, position: number): Promise<number>
  truncate(length: number): Promise<void>
}

/**
 * Writes all bytes. After a failure, the file keeps what `findWhole` finds complete in the part that was written.
 * @throws {Error} the system's error
 */
export async function writeWhole(
  file: WritableFile,
  bytes: Buffer,
  position: number,
  findWhole: (part: Buffer) => number,
): Promise<void> {
  let written = 0
  try {
    while (written < bytes.length) written += await file.write(bytes.subarray(written), position + written)
  } catch (error) {
    await file.truncate(position + findWhole(bytes.subarray(0, written))).catch(() => {})
    throw error
  }
}
