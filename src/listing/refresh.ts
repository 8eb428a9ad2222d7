import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { makeChildEnvironment } from '../host/child-environment.ts'
import { makeFolder } from '../host/make-folder.ts'
import { readFileStatus, removeFile } from '../host/private-file.ts'
import { findUserFolders } from '../host/user-folders.ts'

/** Age at which a lock is stale: longer than any refresh takes, so its owner was killed. */
const maxLockAgeMs = 60_000

/**
 * Starts `--kcap-refresh` in a session of its own, without any descriptor of this process. Wireshark reads kcap's standard output to its end and
 * would wait for the refresh; a shell that completes a word would, too. With a context, refreshes its names for completion, else Wireshark's list.
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
  // This process ends before it could report a failure to start.
  child.on('error', () => {})
  child.unref()
  yieldToWireshark(child.pid)
}

/** Lowers the priority: Wireshark still has its questions about each interface to ask, on the same cores. */
function yieldToWireshark(processId: number | undefined): void {
  if (processId === undefined) return
  try {
    setPriority(processId, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // The process has ended, or this system does not allow it.
  }
}

/** Takes the lock; returns the function that releases it. Returns undefined when another refresh is running, or when nothing can be written. */
export function acquireRefreshLock(environment: NodeJS.ProcessEnv = process.env): (() => void) | undefined {
  const file = lockPath(environment)
  if (isLocked(file)) return undefined
  try {
    // Remove only the lock of a killed refresh: a lock that has just been taken must stay.
    if (readFileStatus(file) !== undefined) removeFile(file)
    // The folder may be missing: a shell may ask before anything was ever listed.
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
