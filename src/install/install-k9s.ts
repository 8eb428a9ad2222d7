import path from 'node:path'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { addK9sPlugins, type K9sEdit, removeK9sPlugins } from './edit-k9s-file.ts'
import type { LauncherPaths } from './format-launcher.ts'
import { readExisting, replaceFile } from './replace-file.ts'
import { toInstallError } from './to-install-error.ts'

/**
 * Returns k9s' file of plugins for all clusters, by k9s' rules (InitLocs in its internal/config/files.go): the folder of K9S_CONFIG_DIR, else `k9s` in
 * the folder for settings.
 */
export function findK9sFile(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const { join, dirname } = platform === 'win32' ? path.win32 : path.posix
  const { config, home } = findUserFolders(environment, platform)
  const settings =
    platform === 'win32'
      ? environment.XDG_CONFIG_HOME || environment.LOCALAPPDATA || join(home, 'AppData', 'Local')
      : dirname(config)
  return join(environment.K9S_CONFIG_DIR || join(settings, 'k9s'), 'plugins.yaml')
}

/**
 * Adds kcap's plugins to k9s.
 * @throws {KcapError} install-failed — when the file has another layout than kcap understands, or cannot be written
 */
export function installK9s(
  file: string,
  paths: LauncherPaths,
): { readonly state: 'new' | 'updated' | 'unchanged'; readonly shortcut: string } {
  return guard('install', file, () => {
    const before = readExisting(file)
    const edit = addK9sPlugins(before ?? '', paths)
    const text = requireText('install', file, edit)
    const { shortcut = '' } = edit as { readonly shortcut?: string }
    if (text === before) return { state: 'unchanged', shortcut }
    replaceFile(file, text)
    return {
      state:
        before === undefined || requireText('install', file, removeK9sPlugins(before)) === before ? 'new' : 'updated',
      shortcut,
    }
  })
}

/**
 * Removes kcap's plugins from k9s. Returns whether there were any.
 * @throws {KcapError} install-failed — when the file has another layout than kcap understands, or cannot be written
 */
export function uninstallK9s(file: string): boolean {
  return guard('remove', file, () => {
    const before = readExisting(file)
    if (before === undefined) return false
    const text = requireText('remove', file, removeK9sPlugins(before))
    if (text === before) return false
    // k9s reports an empty file as an error.
    replaceFile(file, text === '' ? undefined : text)
    return true
  })
}

function requireText(verb: string, file: string, edit: K9sEdit): string {
  if ('text' in edit) return edit.text
  throw new KcapError('install-failed', `cannot ${verb} the plugins in "${file}": ${edit.refusal}`, {
    hints: ['the file is unchanged', line('cat', fileWord(file))],
  })
}

function guard<Result>(verb: string, file: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw toInstallError(verb, file, error)
  }
}
