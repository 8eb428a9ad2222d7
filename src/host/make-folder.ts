import { mkdirSync } from 'node:fs'
import path from 'node:path'

/**
 * Creates a folder and its parents. Does not use mkdir's own recursion: Node retries forever where a folder cannot be created although its parent
 * exists, as in /proc and under some automounters.
 * @throws {Error} the system's error
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
