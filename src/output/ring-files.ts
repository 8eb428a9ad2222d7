import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { ByteOutput } from './byte-output.ts'
import { openFileOutput } from './file-output.ts'
import { toOutputError } from './output-error.ts'

/** Series of output files; the oldest ones are removed. */
export interface RingFiles {
  /**
   * Opens the next file; the previous one must be closed.
   * @throws {KcapError} output-* — when the file cannot be written
   */
  openNext(): Promise<ByteOutput>
  /** Existing files, oldest first. */
  readonly paths: readonly string[]
}

export interface RingOptions {
  /** Base name of the files: `orders.pcapng`. */
  readonly file: string
  /** Maximum number of files; undefined keeps all. */
  readonly maxFiles: number | undefined
  readonly overwrite: boolean
  readonly now?: () => Date
}

/**
 * Returns a series of files named like dumpcap's (capture/ringbuffer.c, ringbuf_open_file), in local time: `orders_00001_20261122101530.pcapng` and
 * so on.
 */
export function makeRingFiles({ file, maxFiles, overwrite, now = () => new Date() }: RingOptions): RingFiles {
  const { dir, name, ext } = path.parse(file)
  const paths: string[] = []
  let count = 0
  return {
    paths,
    async openNext() {
      while (maxFiles !== undefined && paths.length >= maxFiles) {
        const oldest = paths.shift() as string
        await rm(oldest, { force: true }).catch((error: unknown) => Promise.reject(toOutputError(oldest, error)))
      }
      count += 1
      const next = path.join(dir, `${name}_${String(count).padStart(5, '0')}_${formatTime(now())}${ext}`)
      const output = await openFileOutput(next, { overwrite })
      paths.push(next)
      return output
    },
  }
}

function formatTime(time: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`
  return `${day}${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`
}
