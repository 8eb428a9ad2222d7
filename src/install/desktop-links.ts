import { existsSync } from 'node:fs'
import path from 'node:path'
import { findProgram } from '../host/find-program.ts'
import { runProgram } from '../host/run-program.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { addDefaultPrograms, findDefaultProgram, removeDefaultPrograms } from './default-programs.ts'
import { entryName, formatDesktopEntry, handlerType, linkSchemes } from './desktop-entry.ts'
import { type LauncherPaths, launcherMark } from './format-launcher.ts'
import type { LinkRegistration } from './link-registration.ts'
import { readExisting, replaceFile } from './replace-file.ts'

const types = linkSchemes.map(handlerType)
const updateTimeoutMs = 30_000

interface DesktopPlaces {
  /** Folder of this user's desktop entries. */
  readonly folder: string
  readonly entry: string
  /** File with this user's default programs. */
  readonly defaults: string
}

/** Returns the places by https://specifications.freedesktop.org/basedir-spec/latest/. */
export function findDesktopPlaces(environment: NodeJS.ProcessEnv = process.env): DesktopPlaces {
  const { home } = findUserFolders(environment, 'linux')
  const absolute = (folder: string | undefined) => (folder?.startsWith('/') ? folder : undefined)
  const data = absolute(environment.XDG_DATA_HOME) ?? path.join(home, '.local', 'share')
  const config = absolute(environment.XDG_CONFIG_HOME) ?? path.join(home, '.config')
  const folder = path.join(data, 'applications')
  return { folder, entry: path.join(folder, entryName), defaults: path.join(config, 'mimeapps.list') }
}

/**
 * Registers the links with the desktops of Linux and BSD: a desktop entry, and the user's default for the schemes. kcap writes both files itself, because
 * xdg-mime may be missing and also changes other lines.
 */
export async function registerDesktopLinks(paths: LauncherPaths): Promise<LinkRegistration> {
  const { folder, entry, defaults } = findDesktopPlaces()
  const text = formatDesktopEntry(paths)
  const existing = readExisting(entry)
  if (existing !== undefined && !existing.includes(launcherMark)) return { state: 'foreign', place: entry }
  if (existing !== text) replaceFile(entry, text)
  const before = readExisting(defaults) ?? ''
  const after = addDefaultPrograms(before, types, entryName)
  if (after !== before) replaceFile(defaults, after)
  const others = types.some((type) => findDefaultProgram(after, type) !== entryName)
  if (existing !== text) await updateCache(folder)
  if (others) return { state: 'foreign', place: defaults }
  const isUnchanged = existing === text && after === before
  return { state: isUnchanged ? 'unchanged' : existing === undefined ? 'new' : 'updated', place: entry }
}

/** Removes what `registerDesktopLinks` wrote. Returns whether there was any. */
export async function unregisterDesktopLinks(): Promise<LinkRegistration> {
  const { folder, entry, defaults } = findDesktopPlaces()
  const existing = readExisting(entry)
  if (existing !== undefined && !existing.includes(launcherMark)) return { state: 'foreign', place: entry }
  const before = readExisting(defaults)
  const after = before === undefined ? undefined : removeDefaultPrograms(before, types, entryName)
  // An empty file of defaults says nothing; kcap has created most of them.
  if (after !== before) replaceFile(defaults, after === '' ? undefined : after)
  if (existing === undefined) return { state: after === before ? 'none' : 'removed', place: defaults }
  replaceFile(entry, undefined)
  await updateCache(folder)
  return { state: 'removed', place: entry }
}

/** Updates the cache of desktop entries where there is one. Its absence is no error: desktops read the entries themselves. */
async function updateCache(folder: string): Promise<void> {
  if (!existsSync(path.join(folder, 'mimeinfo.cache'))) return
  const program = await findProgram('update-desktop-database')
  if (program !== undefined) await runProgram([program, folder], { timeoutMs: updateTimeoutMs })
}
