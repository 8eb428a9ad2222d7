import { readdirSync, rmdirSync, statSync } from 'node:fs'
import nodeModule from 'node:module'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'
import { isOurs, removeOldFiles } from './private-file.ts'
import { findUserFolders } from './user-folders.ts'

const maxAgeMs = 30 * 24 * 3_600_000

/**
 * Lets Node keep compiled code for the next start, from 22.8 on (https://nodejs.org/api/module.html#module-compile-cache). This saves an eighth of
 * the time of `kcap list`. Node runs what is stored there, so the folder must be one that nobody else can write to.
 */
export function useCompileCache(): void {
  // The types of Node 20 lack it.
  const { enableCompileCache } = nodeModule as { readonly enableCompileCache?: (folder: string) => unknown }
  if (enableCompileCache === undefined) return
  try {
    const folder = compiledFolder()
    // Node's own recursive creation may never return.
    makeFolder(folder)
    if (isOurs(statSync(folder))) enableCompileCache(folder)
  } catch {
    // Without a writable folder, Node compiles everything again.
  }
}

/** Removes code compiled a month or more ago, including that of Node and kcap versions no longer installed. */
export function sweepCompileCache(): void {
  for (const folder of listFolders(compiledFolder())) {
    removeOldFiles(folder, maxAgeMs)
    try {
      rmdirSync(folder)
    } catch {
      // It is in use.
    }
  }
}

function listFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [path.join(folder, entry.name)] : [],
    )
  } catch {
    return []
  }
}

function compiledFolder(): string {
  return path.join(findUserFolders().cache, 'compiled')
}
