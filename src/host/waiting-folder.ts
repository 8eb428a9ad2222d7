import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'
import { hasEnded, markProcess } from './process-mark.ts'
import { findUserFolders } from './user-folders.ts'

/** `kcap-waiting.MACHINE.PID.STARTED.RANDOM` */
const entryPattern = /^kcap-waiting\.([0-9a-f]{8}\.\d{1,10}\.\d{1,20})\.\w+$/

/**
 * Creates a folder for large files that wait to be sent, which only this user can enter. It is in TMPDIR if that is set, else in kcap's cache, because
 * the usual temporary folder may be in memory. Nothing removes it by itself: after a kill, it holds packets that exist nowhere else.
 * @throws {Error} the system's error
 */
export function makeWaitingFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const name = `kcap-waiting.${markProcess()}.`
  const base = findBase(environment)
  try {
    makeFolder(base)
    return mkdtempSync(path.join(base, name))
  } catch (error) {
    if (environment.TMPDIR) throw error
    return mkdtempSync(path.join(tmpdir(), name))
  }
}

/** Returns the folders that processes of this machine left there. Never fails. */
export function findAbandonedFolders(environment: NodeJS.ProcessEnv = process.env): string[] {
  const base = findBase(environment)
  try {
    return readdirSync(base)
      .filter((name) => hasEnded(entryPattern.exec(name)?.[1] ?? '') === true)
      .map((name) => path.join(base, name))
  } catch {
    return []
  }
}

function findBase(environment: NodeJS.ProcessEnv): string {
  return environment.TMPDIR || path.join(findUserFolders(environment).cache, 'waiting')
}
