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
/** Age at which a draft counts as abandoned; no write takes this long. */
const maxDraftAgeMs = 60_000
let drafts = 0

/**
 * Writes a file that only this user may read. A concurrent reader gets the old or the new content, never a mix. Creates the folder.
 * @throws {Error} the system's error, with nothing left behind
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

/** Returns whether a file or folder belongs to this user and nobody else can write to it. */
export function isOurs({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  return isWindows || (uid === process.geteuid?.() && (mode & 0o022) === 0)
}

/**
 * Returns the text of a regular file of this user's that nobody else can have written; undefined for any other file, and for one longer than
 * `maxBytes`.
 */
export function readPrivateFile(file: string, maxBytes: number): string | undefined {
  let descriptor: number
  try {
    // A FIFO of that name must not block the open, nor may a link redirect it.
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

/** Returns the size of a file and the time of its last write; undefined if it cannot be read, for any reason. */
export function readFileStatus(file: string): { readonly modifiedMs: number; readonly size: number } | undefined {
  try {
    const { mtimeMs, size } = statSync(file)
    return { modifiedMs: mtimeMs, size }
  } catch {
    return undefined
  }
}

/** Removes a file, or leaves it if that fails. */
export function removeFile(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // The folder belongs to somebody else, or is no folder.
  }
}

/** Removes files not written for `maxAgeMs`, and drafts whose writer was killed. */
export function removeOldFiles(folder: string, maxAgeMs: number): void {
  for (const name of listFiles(folder)) {
    const file = path.join(folder, name)
    const ageMs = Date.now() - (readFileStatus(file)?.modifiedMs ?? Number.NaN)
    if (ageMs > (name.startsWith('.') ? maxDraftAgeMs : maxAgeMs)) removeFile(file)
  }
}

/** Returns the names of the regular files in a folder; none if there is no such folder. */
export function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
  } catch {
    return []
  }
}
