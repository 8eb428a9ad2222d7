import { exitCodes } from '../base/error-codes.ts'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import { askLoginFolders } from '../host/login-path.ts'
import { type FoundWireshark, findWiresharks, listStandardFolders } from '../install/find-wireshark.ts'
import { findOwnPaths, type LauncherPaths } from '../install/format-launcher.ts'
import { findK9sFile } from '../install/install-k9s.ts'
import { installLauncher, readInstalled, uninstallLauncher } from '../install/install-launcher.ts'
import { commandTable } from '../request/command-table.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { refuseSurplusWords } from '../request/surplus-words.ts'
import { addK9s, addLinks, removeCache, removeK9s, removeLinks, reportLine } from './install-parts.ts'
import { printError } from './report.ts'

/**
 * Runs `kcap install` and `kcap uninstall`: in the folders of all Wiresharks found and those of future ones, and for links; with `--k9s`, in k9s only.
 * @throws {KcapError} install-failed — when something cannot be written or removed
 */
export async function install(command: 'install' | 'uninstall', argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv, { more: commandTable.install.options })
  refuseSurplusWords(command, parsed.words, 0)
  const folder = parsed.text('folder')
  if (parsed.flag('k9s')) changeK9s(command)
  else if (command === 'install') await installAll(folder)
  else await uninstallAll(folder)
  return exitCodes.done
}

function changeK9s(command: 'install' | 'uninstall'): void {
  if (command === 'install') addK9s(findOwnPaths())
  else if (!removeK9s()) reportLine(`nothing of kcap's is in ${findK9sFile()}`)
}

async function installAll(named: string | undefined): Promise<void> {
  const wiresharks = named === undefined ? await findWiresharks() : []
  // A second launcher would list everything twice.
  const shared = await findShared(wiresharks)
  if (shared !== undefined) {
    reportLine(`already installed for everybody: ${shared}`)
    return
  }
  const paths = { ...findOwnPaths(), folders: await askLoginFolders() }
  const failures: KcapError[] = []
  const read = mapVersions(wiresharks)
  let isInstalled = false
  for (const folder of listFolders(wiresharks, named)) {
    try {
      await installInto(folder, paths, read.get(folder))
      isInstalled = true
    } catch (error) {
      const failure = toKcapError(error)
      // A folder for a Wireshark that may be installed later is no reason to fail.
      if (named === undefined && wiresharks.length > 0 && !read.has(folder))
        reportLine(`left out, for a Wireshark that is not here: ${failure.message}`)
      else failures.push(failure)
    }
  }
  if (named === undefined) await addLinks(paths)
  if (isInstalled) {
    reportLine(
      wiresharks.length === 0 && named === undefined
        ? 'no Wireshark is found on this machine; it will find kcap when it is there'
        : 'start Wireshark (or press F5 in its list) and look for "kcap: …"; kcap doctor says what it will see',
    )
  }
  throwFirst(failures)
}

async function installInto(folder: string, paths: LauncherPaths, version: string | undefined): Promise<void> {
  const { file, state } = await installLauncher(folder, paths)
  const reader = version === undefined ? '' : `, where Wireshark ${version} looks`
  const done = { new: 'installed', updated: 'updated', unchanged: 'already installed:' }[state]
  reportLine(`${done} ${file}${reader}`)
}

async function uninstallAll(named: string | undefined): Promise<void> {
  const folders = listFolders(named === undefined ? await findWiresharks() : [], named)
  const failures: KcapError[] = []
  let isRemoved = false
  const attempt = async (remove: () => boolean | Promise<boolean>) => {
    try {
      if (await remove()) isRemoved = true
    } catch (error) {
      failures.push(toKcapError(error))
    }
  }
  for (const folder of folders) await attempt(async () => await uninstallFrom(folder))
  if (named === undefined) for (const remove of [removeLinks, removeK9s, removeCache]) await attempt(remove)
  if (!isRemoved && failures.length === 0) reportLine(`nothing of kcap's is in ${folders.join(', ')}`)
  throwFirst(failures)
}

async function uninstallFrom(folder: string): Promise<boolean> {
  const file = await uninstallLauncher(folder)
  if (file !== undefined) reportLine(`removed ${file}`)
  return file !== undefined
}

function mapVersions(wiresharks: readonly FoundWireshark[]): ReadonlyMap<string, string> {
  return new Map(wiresharks.map(({ folder, version }) => [folder, version]))
}

/** Returns the folders for launchers: the named one, or those of all Wiresharks, also of versions that may be installed later. */
function listFolders(wiresharks: readonly FoundWireshark[], named: string | undefined): readonly string[] {
  if (named !== undefined) return [named]
  return [...new Set([...wiresharks.map(({ folder }) => folder), ...listStandardFolders()])]
}

/** Returns the shared folder where a system package has installed kcap. */
async function findShared(wiresharks: readonly FoundWireshark[]): Promise<string | undefined> {
  for (const { sharedFolder } of wiresharks)
    if (sharedFolder !== undefined && (await readInstalled(sharedFolder)) !== undefined) return sharedFolder
  return undefined
}

/** Throws the first failure, after the others are printed. */
function throwFirst([first, ...others]: readonly KcapError[]): void {
  for (const failure of others) printError(failure, false)
  if (first !== undefined) throw first
}
