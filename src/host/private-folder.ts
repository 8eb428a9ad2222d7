import { type Dirent, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'
import { isOurs } from './private-file.ts'
import { hasEnded, markProcess } from './process-mark.ts'
import { findUserFolders } from './user-folders.ts'

/** Maximum length of a Unix socket's path; macOS has room for 103 bytes, Linux for 107. */
const maxSocketPathLength = 100
/** Length of mkdtemp's random suffix, plus the longest file name of a socket in such a folder. */
const spareLength = 6 + '/socket'.length
/** Age at which the folders of another machine or an earlier boot count as abandoned. */
const maxForeignAgeMs = 7 * 24 * 3_600_000
/** `KIND.MACHINE.PID.STARTED.RANDOM` */
const entryPattern = /^[a-z]+\.([0-9a-f]{8}\.\d{1,10}\.\d{1,20})\.\w+$/

export interface PrivateFolderOptions {
  readonly environment?: NodeJS.ProcessEnv
  /** Whether the folder will hold a Unix socket. */
  readonly holdsSocket?: boolean
}

/**
 * Creates a folder that only this user can enter, for the life of this process, and returns its path. It holds sockets, FIFOs or a kubeconfig. Its
 * parent is in XDG_RUNTIME_DIR or in kcap's cache, where nobody else can put anything. Folders that killed kcap processes left there are removed as
 * well. If neither parent can be used, it gets a random name in the temporary folder, which is never searched again.
 * @throws {Error} the system's error
 */
export function makePrivateFolder(kind: string, options: PrivateFolderOptions = {}): string {
  sweepPrivateFolders(options.environment)
  const name = `${kind}.${markProcess()}.`
  for (const base of listBases(options.environment)) {
    const prefix = path.join(base, name)
    if (options.holdsSocket && Buffer.byteLength(prefix) + spareLength > maxSocketPathLength) continue
    try {
      return mkdtempSync(prefix)
    } catch {
      // The next one may be usable.
    }
  }
  const isLong =
    options.holdsSocket && Buffer.byteLength(tmpdir()) + 'kcap-'.length + 2 * spareLength > maxSocketPathLength
  return mkdtempSync(path.join(isLong ? '/tmp' : tmpdir(), 'kcap-'))
}

/** Removes the private folders of processes that have ended. Leaves links and other users' folders alone. Never fails. */
export function sweepPrivateFolders(environment?: NodeJS.ProcessEnv): void {
  for (const base of listBases(environment))
    for (const entry of readEntries(base)) {
      const [, mark] = entryPattern.exec(entry.name) ?? []
      if (mark !== undefined && entry.isDirectory()) removeAbandoned(path.join(base, entry.name), mark)
    }
}

function removeAbandoned(folder: string, mark: string): void {
  try {
    const status = lstatSync(folder)
    const isAbandoned = hasEnded(mark) ?? Date.now() - status.mtimeMs > maxForeignAgeMs
    if (isAbandoned && status.isDirectory() && isOurs(status)) rmSync(folder, { recursive: true, force: true })
  } catch {
    // Another kcap process removed it first.
  }
}

function readEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Returns the folders in which nobody else can create, move or remove anything. Creates them if they are missing. */
export function listBases(environment: NodeJS.ProcessEnv = process.env): string[] {
  const runtime = environment.XDG_RUNTIME_DIR
  const places = [
    ...(process.platform !== 'win32' && runtime?.startsWith('/') && isOurFolder(runtime)
      ? [path.join(runtime, 'kcap')]
      : []),
    path.join(findUserFolders(environment).cache, 'run'),
  ]
  return places.filter((place) => {
    try {
      makeFolder(place)
      return isOurFolder(path.dirname(place)) && isOurFolder(place)
    } catch {
      return false
    }
  })
}

/** Returns whether a folder is this user's and no link, which somebody else may have put there. */
function isOurFolder(folder: string): boolean {
  const status = lstatSync(folder, { throwIfNoEntry: false })
  return status?.isDirectory() === true && isOurs(status)
}
