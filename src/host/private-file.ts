import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'

const isWindows = process.platform === 'win32'
/** No write takes this long. */
const maxDraftAgeMs = 60_000
let drafts = 0

/**
 * Writes a file that only this user may read, whole or not at all: whoever reads at the same time gets the old or the new one. Makes
 * its folder. Throws the system's error, with nothing left behind.
 */
export function writePrivateFile(file: string, text: string): void {
  const folder = path.dirname(file)
  makeFolder(folder)
  const draft = path.join(folder, `.${path.basename(file)}.${process.pid}-${drafts++}`)
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
    renameSync(draft, file)
  } catch (error) {
    removeFile(draft)
    throw error
  }
}

/** Whether a file or folder is this user's, and nobody else can write to it. */
export function isOurs({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  return isWindows || (uid === process.geteuid?.() && (mode & 0o022) === 0)
}

/** A file's text, if it is a regular file of this user's that nobody else can have written; undefined else, also when it is too long. */
export function readPrivateFile(file: string, maxBytes: number): string | undefined {
  let descriptor: number
  try {
    // A FIFO of that name must not hold us, nor a link lead elsewhere.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch {
    return undefined
  }
  try {
    const status = fstatSync(descriptor)
    return status.isFile() && isOurs(status) && status.size <= maxBytes ? readFileSync(descriptor, 'utf8') : undefined
  } catch {
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

/** When and how long a file was last written; undefined where there is none, whatever the reason. */
export function readFileStatus(file: string): { readonly modifiedMs: number; readonly size: number } | undefined {
  try {
    const { mtimeMs, size } = statSync(file)
    return { modifiedMs: mtimeMs, size }
  } catch {
    return undefined
  }
}

/** Where it can't be removed it stays. */
export function removeFile(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // Its folder is not ours, or no folder.
  }
}

/** Removes files that were not written for so long, and drafts whose writer was killed. */
export function removeOldFiles(folder: string, maxAgeMs: number): void {
  for (const name of listFiles(folder)) {
    const file = path.join(folder, name)
    const ageMs = Date.now() - (readFileStatus(file)?.modifiedMs ?? Number.NaN)
    if (ageMs > (name.startsWith('.') ? maxDraftAgeMs : maxAgeMs)) removeFile(file)
  }
}

/** Names of the regular files in a folder; none where there is no such folder. */
export function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
  } catch {
    return []
  }
}
