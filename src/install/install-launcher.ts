import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { makeFolder } from '../host/make-folder.ts'
import {
  findOwnPaths,
  formatLauncher,
  type LauncherPaths,
  launcherMark,
  launcherName,
  readLauncher,
} from './format-launcher.ts'
import { toInstallError } from './to-install-error.ts'

export type InstallState = 'new' | 'updated' | 'unchanged'

/**
 * Writes the launcher into a folder, replacing an older one.
 * @throws {KcapError} install-failed — when it cannot be written, or another file has its name
 */
export async function installLauncher(
  folder: string,
  paths: LauncherPaths = findOwnPaths(),
): Promise<{ readonly file: string; readonly state: InstallState }> {
  const file = path.join(folder, launcherName())
  const draft = path.join(folder, `.${launcherName()}.${process.pid}`)
  try {
    const existing = await readText(file)
    if (existing !== undefined && !existing.includes(launcherMark)) {
      throw new KcapError(
        'install-failed',
        `cannot install "${file}": a file of that name is there that kcap did not write`,
        { hints: [line('ls', '-l', fileWord(file))] },
      )
    }
    const text = formatLauncher(paths)
    if (existing === text) {
      await chmod(file, 0o755)
      return { file, state: 'unchanged' }
    }
    makeFolder(folder, 0o777)
    // Replace it atomically: Wireshark may list at any moment, and runs every executable in the folder. The draft is not executable.
    await writeFile(draft, text, { mode: 0o644 })
    await rename(draft, file)
    await chmod(file, 0o755)
    return { file, state: existing === undefined ? 'new' : 'updated' }
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw toInstallError('install', file, error, 'kcap install --folder DIR')
  }
}

/**
 * Removes the launcher if kcap wrote it. Returns its path, or undefined if there was none.
 * @throws {KcapError} install-failed — when it cannot be removed
 */
export async function uninstallLauncher(folder: string): Promise<string | undefined> {
  const file = path.join(folder, launcherName())
  try {
    const existing = await readText(file)
    if (existing === undefined || !existing.includes(launcherMark)) return undefined
    await rm(file)
    return file
  } catch (error) {
    throw toInstallError('remove', file, error, 'kcap install --folder DIR')
  }
}

/** Returns the paths in the launcher installed in a folder; undefined if it has none of kcap's. */
export async function readInstalled(folder: string): Promise<LauncherPaths | undefined> {
  return readLauncher((await readText(path.join(folder, launcherName())).catch(() => undefined)) ?? '')
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
