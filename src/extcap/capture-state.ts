import { lstatSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { listFiles, readPrivateFile, removeFile, writePrivateFile } from '../host/private-file.ts'
import { findUserFolders } from '../host/user-folders.ts'

const maxNoteBytes = 64 * 1024

/**
 * Notes what a capture would leave on this machine if it were killed; gives what forgets it at its end. The far side needs no note: it
 * ends by itself when it hears nothing more.
 */
export function noteCapture(folders: readonly string[], environment: NodeJS.ProcessEnv = process.env): () => void {
  const file = path.join(stateFolder(environment), String(process.pid))
  try {
    writePrivateFile(file, JSON.stringify(folders))
  } catch {
    // Without a note a killed capture leaves its folder to the system's own clean-up.
  }
  return () => removeFile(file)
}

/**
 * Removes what captures left that were killed. Wireshark asks for it (`--extcap-cleanup-postkill`, from 4.6) when it has killed one, and
 * does not say which.
 */
export function cleanUpCaptures(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of listFiles(stateFolder(environment))) {
    if (!/^\d+$/.test(name) || isAlive(Number(name))) continue
    const file = path.join(stateFolder(environment), name)
    for (const folder of readFolders(file)) if (isOurs(folder)) rmSync(folder, { recursive: true, force: true })
    removeFile(file)
  }
}

function stateFolder(environment: NodeJS.ProcessEnv): string {
  return path.join(findUserFolders(environment).cache, 'captures')
}

function readFolders(file: string): string[] {
  try {
    const folders: unknown = JSON.parse(readPrivateFile(file, maxNoteBytes) ?? '')
    return Array.isArray(folders) ? folders.filter((folder) => typeof folder === 'string') : []
  } catch {
    return []
  }
}

/** A note may name nothing but temporary folders of kcap's that belong to this user, whatever it says. */
function isOurs(folder: string): boolean {
  if (path.dirname(folder) !== tmpdir() || !/^kcap-[\w-]+$/.test(path.basename(folder))) return false
  const status = lstatSync(folder, { throwIfNoEntry: false })
  return status?.isDirectory() === true && (process.geteuid === undefined || status.uid === process.geteuid())
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
