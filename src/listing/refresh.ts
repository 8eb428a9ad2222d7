import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { makeChildEnvironment } from '../host/child-environment.ts'
import { makeFolder } from '../host/make-folder.ts'
import { readFileStatus, removeFile } from '../host/private-file.ts'
import { findUserFolders } from '../host/user-folders.ts'

/** Longer than any refresh takes: whoever held it then was killed. */
const maxLockAgeMs = 60_000

/**
 * Starts `--kcap-refresh` in a session of its own, with nothing of ours open: Wireshark reads our standard output to its end, and would
 * wait for it, as a shell does that completes a word. With a context it is that one's names for completion, else Wireshark's list.
 */
export function startRefresh(environment: NodeJS.ProcessEnv = process.env, context?: string): void {
  const [, script] = process.argv
  if (script === undefined || isLocked(lockPath(environment))) return
  const child = spawn(
    process.execPath,
    [script, context === undefined ? '--kcap-refresh' : `--kcap-refresh=${context}`],
    {
      detached: true,
      stdio: 'ignore',
      windowsHide: true,
      env: makeChildEnvironment(environment, true),
    },
  )
  // It is not there to be told of a failure to start.
  child.on('error', () => {})
  child.unref()
  yieldToWireshark(child.pid)
}

/** Wireshark has its questions about each interface still to ask, on the same cores. */
function yieldToWireshark(processId: number | undefined): void {
  if (processId === undefined) return
  try {
    setPriority(processId, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended, or this system does not allow it.
  }
}

/** Returns what lets go of it; undefined when another refresh is at work, or when nothing can be written. */
export function takeRefreshLock(environment: NodeJS.ProcessEnv = process.env): (() => void) | undefined {
  const file = lockPath(environment)
  if (isLocked(file)) return undefined
  try {
    // Only what a killed one left: a lock that has just been taken must stay.
    if (readFileStatus(file) !== undefined) removeFile(file)
    // A shell may ask before anything was ever listed.
    makeFolder(path.dirname(file))
    closeSync(openSync(file, 'wx', 0o600))
  } catch {
    return undefined
  }
  return () => removeFile(file)
}

function isLocked(file: string): boolean {
  const status = readFileStatus(file)
  return status !== undefined && Date.now() - status.modifiedMs < maxLockAgeMs
}

function lockPath(environment: NodeJS.ProcessEnv): string {
  return path.join(findUserFolders(environment).cache, 'refresh.lock')
}
