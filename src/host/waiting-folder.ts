import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'
import { findUserFolders } from './user-folders.ts'

/**
 * Creates a folder for large files that wait to be sent, which only this user can enter. It is in TMPDIR if that is set, else in kcap's cache, because
 * the usual temporary folder may be in memory. Nothing removes it by itself: after a kill, it holds packets that exist nowhere else.
 * @throws {Error} the system's error
 */
export function makeWaitingFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.TMPDIR !== undefined && environment.TMPDIR !== '')
    return mkdtempSync(path.join(environment.TMPDIR, 'kcap-waiting-'))
  const base = path.join(findUserFolders(environment).cache, 'waiting')
  try {
    makeFolder(base)
    return mkdtempSync(path.join(base, 'capture-'))
  } catch {
    return mkdtempSync(path.join(tmpdir(), 'kcap-waiting-'))
  }
}
