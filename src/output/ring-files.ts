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
  /**
   * Removes a file that is no longer needed here. Does not count as a loss.
   * @throws {KcapError} output-* — when the system refuses
   */
  release(file: string): Promise<void>
  /** Existing files, oldest first. */
  readonly paths: readonly string[]
}

/** File of the same ring that an earlier run left. */
export interface AdoptedFile {
  readonly path: string
  /** Number in its name. */
  readonly number: number
  readonly bytes: number
}

export interface RingOptions {
  /** Base name of the files: `orders.pcapng`. */
  readonly file: string
  /** Maximum number of files; undefined keeps all. */
  readonly maxFiles: number | undefined
  /** Maximum size of all files together; undefined means no limit. */
  readonly keepBytes?: number | undefined
  /** Size of a full file. A file opens only when there is room for all of it. */
  readonly fileBytes?: number | undefined
  /** Files that the ring begins with, oldest first; numbers continue after them. */
  readonly adopted?: readonly AdoptedFile[]
  readonly overwrite: boolean
  /** Chooses the file to remove from the finished ones; default: the oldest. */
  readonly chooseRemoved?: (finished: readonly string[]) => string | undefined
  /** Called with each file that the limits removed. */
  readonly onRemoved?: (file: string) => void
  readonly now?: () => Date
}

interface RingFile {
  readonly path: string
  bytes: number
}

/**
 * Returns a series of files named like dumpcap's (capture/ringbuffer.c, ringbuf_open_file), in local time: `orders_00001_20261122101530.pcapng` and
 * so on. With `keepBytes`, files are removed before bytes are written, so that the files never exceed the limit together.
 */
export function makeRingFiles(options: RingOptions): RingFiles {
  const { file, maxFiles, keepBytes = Number.POSITIVE_INFINITY, fileBytes = 0, overwrite, adopted = [] } = options
  const { now = () => new Date(), chooseRemoved = (finished) => finished[0] } = options
  const { dir, name, ext } = path.parse(file)
  let files: RingFile[] = adopted.map(({ path, bytes }) => ({ path, bytes }))
  let current: RingFile | undefined
  let count = adopted.at(-1)?.number ?? 0

  const remove = async (removed: string) => {
    await rm(removed, { force: true }).catch((error: unknown) => Promise.reject(toOutputError(removed, error)))
    files = files.filter(({ path }) => path !== removed)
  }
  /** Removes finished files while `isOver` and one can be removed. */
  const removeWhile = async (isOver: () => boolean) => {
    while (isOver()) {
      const finished = files.filter((known) => known !== current).map(({ path }) => path)
      const removed = finished.length === 0 ? undefined : (chooseRemoved(finished) ?? finished[0])
      if (removed === undefined) return
      await remove(removed)
      options.onRemoved?.(removed)
    }
  }
  const totalBytes = () => files.reduce((sum, { bytes }) => sum + bytes, 0)

  return {
    get paths() {
      return files.map(({ path }) => path)
    },
    async openNext() {
      current = undefined
      await removeWhile(() => files.length >= (maxFiles ?? Number.POSITIVE_INFINITY))
      await removeWhile(() => totalBytes() + fileBytes > keepBytes)
      count += 1
      const next = path.join(dir, `${name}_${String(count).padStart(5, '0')}_${formatTime(now())}${ext}`)
      const output = await openFileOutput(next, { overwrite })
      const opened: RingFile = { path: next, bytes: 0 }
      current = opened
      files.push(opened)
      return {
        ...output,
        async write(bytes, findWhole) {
          // A single packet may be longer than a file.
          if (keepBytes < Number.POSITIVE_INFINITY) await removeWhile(() => totalBytes() + bytes.length > keepBytes)
          const isWritten = await output.write(bytes, findWhole)
          opened.bytes += bytes.length
          return isWritten
        },
      }
    },
    release: remove,
  }
}

/** Returns the number of a file that belongs to the ring with this base name; undefined for any other file. */
export function findRingNumber(base: string, fileName: string): number | undefined {
  const { name, ext } = path.parse(base)
  if (!fileName.startsWith(`${name}_`) || !fileName.endsWith(ext)) return undefined
  const [, number] = /^(\d{5,9})_\d{14}$/.exec(fileName.slice(name.length + 1, fileName.length - ext.length)) ?? []
  return number === undefined ? undefined : Number(number)
}

function formatTime(time: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`
  return `${day}${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`
}
