import { constants, type Stats } from 'node:fs'
import { access, type FileHandle, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { monotonicClock } from '../base/clock.ts'
import { isPlanted } from '../host/planted-file.ts'
import type { ByteOutput } from './byte-output.ts'
import { claimOutput } from './claim-output.ts'
import { makeOutputFault, toOutputError } from './output-error.ts'
import { type WritableFile, writeWhole } from './write-whole.ts'

/** How often it is looked whether the file is still there for others to find. */
const lookMs = 1_000

/**
 * A regular file, which no other capture writes at the same time. It comes into being with the first bytes, so that a capture that fails
 * before leaves none; where a full disk cuts a write off, what is not whole is taken away again, so that the file ends with a whole packet.
 * One that is removed meanwhile, or whose folder is, is an error: what is written on would be gone at the end.
 * Checks at once what can be checked.
 * @throws {KcapError} output-exists, output-in-use, output-folder-missing, output-not-writable
 */
export async function openFileOutput(file: string, options: { overwrite: boolean }): Promise<ByteOutput> {
  const claim = makeClaim()
  try {
    await checkWritable(file, options.overwrite, claim)
  } catch (error) {
    claim.end()
    throw toOutputError(file, error)
  }
  let handle: FileHandle | undefined
  let length = 0
  let lookedMs = monotonicClock.nowMs()
  return {
    name: file,
    readerGone: new Promise(() => {}),
    isLive: false,
    async write(bytes, findWhole = () => 0) {
      try {
        handle ??= await openClaimed(file, options.overwrite, claim)
        if (monotonicClock.nowMs() - lookedMs > lookMs) {
          lookedMs = monotonicClock.nowMs()
          if ((await handle.stat()).nlink === 0) throw makeOutputFault('REMOVED')
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
      } finally {
        claim.end()
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

async function checkWritable(file: string, overwrite: boolean, claim: Claim): Promise<void> {
  const existing = await stat(file).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? undefined : Promise.reject(error),
  )
  if (existing?.isDirectory()) throw makeOutputFault('EISDIR')
  if (existing !== undefined && !overwrite) throw makeOutputFault('EEXIST')
  if (overwrite && isPlanted(file)) throw makeOutputFault('PLANTED')
  await access(existing === undefined ? path.dirname(path.resolve(file)) : file, constants.W_OK)
  if (existing !== undefined) claim.take(existing)
}

const { O_WRONLY, O_CREAT, O_EXCL } = constants

/** Captures hold what people send: readable by their owner only, as dumpcap does. What another capture writes is not emptied. */
async function openClaimed(file: string, overwrite: boolean, claim: Claim): Promise<FileHandle> {
  if (overwrite && isPlanted(file)) throw makeOutputFault('PLANTED')
  const handle = await open(file, O_WRONLY | O_CREAT | (overwrite ? 0 : O_EXCL), 0o600)
  try {
    const status = await handle.stat()
    claim.take(status)
    if (status.isFile()) await handle.truncate()
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

interface Claim {
  /** Throws where another capture has the file. A device takes any number of writers. */
  take(status: Stats): void
  end(): void
}

/** Claims one file at a time: the one that had the name before may have been removed. */
function makeClaim(): Claim {
  let claimed = ''
  let end = () => {}
  return {
    take(status) {
      const identity = `${status.dev}-${status.ino}`
      if (identity === claimed || !(status.isFile() || status.isFIFO())) return
      end()
      end = () => {}
      claimed = ''
      end = claimOutput(status)
      claimed = identity
    },
    end: () => end(),
  }
}
