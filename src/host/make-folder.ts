import { mkdirSync } from 'node:fs'
import path from 'node:path'

/**
 * Makes a folder and those above it. Throws the system's error. Not by mkdir's own recursion: where a folder can't be made though the one
 * above is there, as in /proc and under some automounters, Node tries for ever.
 */
export function makeFolder(folder: string, mode = 0o700): void {
  try {
    makeOne(folder, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path.dirname(folder) === folder) throw error
    makeFolder(path.dirname(folder), mode)
    makeOne(folder, mode)
  }
}

function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
