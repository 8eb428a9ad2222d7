import { readdirSync, rmdirSync, statSync } from 'node:fs'
import nodeModule from 'node:module'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'
import { isOurs, removeOldFiles } from './private-file.ts'
import { findUserFolders } from './user-folders.ts'

const maxAgeMs = 30 * 24 * 3_600_000

/**
 * Has Node keep what it compiled for the next start, from 22.8 on (https://nodejs.org/api/module.html#module-compile-cache): an eighth of
 * what a list takes. What is kept there is run: only in a folder that nobody else can write to.
 */
export function useCompileCache(): void {
  // Not in the types of Node 20.
  const { enableCompileCache } = nodeModule as { readonly enableCompileCache?: (folder: string) => unknown }
  if (enableCompileCache === undefined) return
  try {
    const folder = compiledFolder()
    // Node's own way to make it may never end.
    makeFolder(folder)
    if (isOurs(statSync(folder))) enableCompileCache(folder)
  } catch {
    // Where nothing can be written, all is compiled anew.
  }
}

/** Forgets what was compiled a month ago or earlier, also for versions of Node and kcap that are gone. */
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
