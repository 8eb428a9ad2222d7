import { constants, type Stats } from 'node:fs'
import { access, type FileHandle, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { monotonicClock } from '../base/clock.ts'
import { isPlanted } from '../host/planted-file.ts'
import type { ByteOutput } from './byte-output.ts'
import { claimOutput } from './claim-output.ts'
import { makeOutputFault, toOutputError } from './output-error.ts'
import { type WritableFile, writeWhole } from './write-whole.ts'

/** Interval between checks that the file still exists under its name. */
const lookMs = 1_000

/**
 * Opens a regular file, to which no other capture writes at the same time. The file is created with the first bytes, so a capture that fails earlier
 * leaves none. If a full disk cuts a write short, the partial packet is removed, so the file ends with a whole packet. Removing the file or its
 * folder during the capture is an error, because later packets would be lost. Checks in advance whatever can be checked.
 * @throws {KcapError} output-exists, output-in-use, output-folder-missing, output-not-writable — when the file cannot be written
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

/**
 * Opens the file readable by its owner only, like dumpcap, because captures contain private traffic. Does not truncate a file that another capture is
 * writing.
 */
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
  /**
   * Claims the file. A device allows any number of writers.
   * @throws {Error} INUSE — when another capture has it
   */
  take(status: Stats): void
  end(): void
}

/** Returns a claim on one file at a time. The file that previously had the name may have been removed. */
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
