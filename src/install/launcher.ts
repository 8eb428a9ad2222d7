import { realpathSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'

/** By this line `uninstall` knows what it may remove. */
const mark = "written by 'kcap install'"
const launcherName = 'kcap'

/** The program that runs now, past npm's links to it. */
function programScript(): string {
  return realpathSync(process.argv[1] ?? '')
}

/** Writes the launcher, anew when there is one. Gives its path. Throws `install-failed`. */
export async function installLauncher(
  folder: string,
  paths = { node: process.execPath, script: programScript() },
): Promise<string> {
  const file = path.join(folder, launcherName)
  try {
    const existing = await readFile(file, 'utf8').catch(() => undefined)
    if (existing !== undefined && !existing.includes(mark)) {
      throw new KcapError(
        'install-failed',
        `cannot install "${file}": a file of that name is there that kcap did not write`,
        { hints: [`ls -l ${quote(file)}`] },
      )
    }
    await makeFolder(folder)
    // Put in place whole: Wireshark may list at any moment.
    const draft = path.join(folder, `.${launcherName}.${process.pid}`)
    await writeFile(draft, formatLauncher(paths))
    await chmod(draft, 0o755)
    await rename(draft, file)
    return file
  } catch (error) {
    throw toInstallError('install', file, error)
  }
}

/** Not mkdir's own recursion, which never ends where a folder can't be made though its parent is there (/proc). */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || path.dirname(folder) === folder) throw error
    await makeFolder(path.dirname(folder))
    await mkdir(folder)
  }
}

/** Removes the launcher if kcap wrote it. Gives its path, or undefined when there was none. Throws `install-failed`. */
export async function uninstallLauncher(folder: string): Promise<string | undefined> {
  const file = path.join(folder, launcherName)
  try {
    const existing = await readFile(file, 'utf8').catch(() => undefined)
    if (existing === undefined || !existing.includes(mark)) return undefined
    await rm(file)
    return file
  } catch (error) {
    throw toInstallError('remove', file, error)
  }
}

/**
 * Absolute paths, because a desktop starts Wireshark with a short PATH; `exec`, because Wireshark ends a capture by a signal to
 * its direct child only.
 */
function formatLauncher(paths: { node: string; script: string }): string {
  return `#!/bin/sh\n# kcap for Wireshark, ${mark}\nexec ${quote(paths.node)} ${quote(paths.script)} "$@"\n`
}

function toInstallError(verb: string, file: string, error: unknown): KcapError {
  if (error instanceof KcapError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const state =
    code === 'EACCES' || code === 'EPERM'
      ? 'permission denied'
      : code === 'EROFS'
        ? 'the file system is read-only'
        : message
  return new KcapError('install-failed', `cannot ${verb} "${file}": ${state}`, {
    hints: [`ls -ld ${quote(path.dirname(file))}`, 'kcap install --folder DIR'],
    cause: error,
  })
}
