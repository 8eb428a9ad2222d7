import { constants } from 'node:fs'
import { access, type FileHandle, open, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ByteOutput } from './byte-output.ts'
import { toOutputError } from './output-error.ts'
import { type WritableFile, writeWhole } from './write-whole.ts'

/** How often it is looked whether the file is still there for others to find. */
const lookMs = 1_000

/**
 * A regular file. It comes into being with the first bytes, so that a capture that fails before leaves none; where a full disk
 * cuts a write off, what is not whole is taken away again, so that the file ends with a whole packet. One that is removed meanwhile, or
 * whose folder is, is an error: what is written on would be gone at the end.
 * Checks at once what can be checked. Throws `output-exists`, `output-folder-missing`, `output-not-writable`.
 */
export async function openFileOutput(file: string, options: { overwrite: boolean }): Promise<ByteOutput> {
  await checkWritable(file, options.overwrite)
  let handle: FileHandle | undefined
  let length = 0
  let lookedMs = Date.now()
  return {
    name: file,
    readerGone: new Promise(() => {}),
    isLive: false,
    async write(bytes, findWhole = () => 0) {
      try {
        // Captures hold what people send: readable by their owner only, as dumpcap does.
        handle ??= await open(file, options.overwrite ? 'w' : 'wx', 0o600)
        if (Date.now() - lookedMs > lookMs) {
          lookedMs = Date.now()
          if ((await handle.stat()).nlink === 0) throw Object.assign(new Error('it was removed'), { code: 'REMOVED' })
        }
        await writeWhole(toWritable(handle), bytes, length, findWhole)
      } catch (error) {
        throw toOutputError(file, error)
      }
      length += bytes.length
      return true
    },
    async close() {
      try {
        await handle?.close()
      } catch (error) {
        throw toOutputError(file, error)
      }
    },
  }
}

function toWritable(handle: FileHandle): WritableFile {
  return {
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    truncate: async (length) => await handle.truncate(length),
  }
}

async function checkWritable(file: string, overwrite: boolean): Promise<void> {
  try {
    const existing = await stat(file).catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? undefined : Promise.reject(error),
    )
    if (existing?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    if (existing !== undefined && !overwrite) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    await access(existing === undefined ? path.dirname(path.resolve(file)) : file, constants.W_OK)
  } catch (error) {
    throw toOutputError(file, error)
  }
}
