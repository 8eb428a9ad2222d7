/** A file that is open for writing. */
export interface WritableFile {
  /** Returns how many bytes were written, the first of them at `position`. */
  write(bytes: Buffer, position: number): Promise<number>
  truncate(length: number): Promise<void>
}

/** Writes all of it. Where that fails, the file keeps what `findWhole` finds whole in the part that was written; throws the system's error. */
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
