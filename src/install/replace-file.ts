import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../host/make-folder.ts'

/** Returns the text of a file; undefined if there is none. */
export function readExisting(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/**
 * Replaces the text of a file that other programs read and write too, at once; `undefined` removes it. A link stays one, because people keep such
 * files in a repository and link to them. Keeps the mode.
 */
export function replaceFile(file: string, text: string | undefined): void {
  const place = findPlace(file)
  if (text === undefined) {
    if (place === file) rmSync(file, { force: true })
    // The link stays, and so does what it leads to.
    else writeFileSync(place, '')
    return
  }
  makeFolder(path.dirname(place))
  const draft = path.join(path.dirname(place), `.${path.basename(place)}.kcap-${process.pid}`)
  writeFileSync(draft, text, { flag: 'wx', mode: 0o644 })
  try {
    const mode = statSync(place, { throwIfNoEntry: false })?.mode
    if (mode !== undefined) chmodSync(draft, mode & 0o7777)
    renameSync(draft, place)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

function findPlace(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
