import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { ByteOutput } from './byte-output.ts'
import { openFileOutput } from './file-output.ts'
import { toOutputError } from './output-error.ts'

/** Files that follow each other, of which the oldest are removed. */
export interface RingFiles {
  /** Opens the next one; the one before must be closed. Throws `output-*` errors. */
  openNext(): Promise<ByteOutput>
  /** Those that are there, the oldest first. */
  readonly paths: readonly string[]
}

export interface RingOptions {
  /** `orders.pcapng` */
  readonly file: string
  /** undefined: all are kept. */
  readonly maxFiles: number | undefined
  readonly overwrite: boolean
  readonly now?: () => Date
}

/** `orders_00001_20261122101530.pcapng` and on, as dumpcap names them (capture/ringbuffer.c, ringbuf_open_file), in local time. */
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
