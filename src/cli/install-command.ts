import { existsSync, rmSync } from 'node:fs'
import { exitCodes } from '../base/error-codes.ts'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import { askLoginFolders } from '../host/login-path.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { type FoundWireshark, findWiresharks, listStandardFolders } from '../install/find-wireshark.ts'
import { findOwnPaths } from '../install/format-launcher.ts'
import { installLauncher, readInstalled, uninstallLauncher } from '../install/install-launcher.ts'
import { commandTable } from '../request/command-table.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { refuseSurplusWords } from '../request/surplus-words.ts'
import { printError } from './report.ts'

/**
 * Runs `kcap install` and `kcap uninstall`, in the folders of all Wiresharks found and those of future ones.
 * @throws {KcapError} install-failed — when a launcher cannot be written or removed
 */
export async function install(command: 'install' | 'uninstall', argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv, { more: commandTable.install.options })
  refuseSurplusWords(command, parsed.words, 0)
  const named = parsed.text('folder')
  const wiresharks = named === undefined ? await findWiresharks() : []
  // A second launcher would list everything twice.
  const shared = command === 'install' ? await findShared(wiresharks) : undefined
  if (shared !== undefined) {
    say(`already installed for everybody: ${shared}`)
    return exitCodes.done
  }
  const read = new Map(wiresharks.map(({ folder, version }) => [folder, version]))
  const folders = named === undefined ? [...new Set([...read.keys(), ...listStandardFolders()])] : [named]
  const failures: KcapError[] = []
  const paths = command === 'install' ? { ...findOwnPaths(), folders: await askLoginFolders() } : undefined
  let done = 0
  for (const folder of folders) {
    try {
      if (command === 'install') {
        const { file, state } = await installLauncher(folder, paths)
        const version = read.get(folder)
        const reader = version === undefined ? '' : `, where Wireshark ${version} looks`
        say(
          `${state === 'unchanged' ? 'already installed:' : state === 'updated' ? 'updated' : 'installed'} ${file}${reader}`,
        )
        done++
      } else {
        const file = await uninstallLauncher(folder)
        if (file === undefined) continue
        say(`removed ${file}`)
        done++
      }
    } catch (error) {
      const failure = toKcapError(error)
      // A folder for a Wireshark that may be installed later is no reason to fail.
      if (command === 'install' && named === undefined && wiresharks.length > 0 && !read.has(folder))
        say(`left out, for a Wireshark that is not here: ${failure.message}`)
      else failures.push(failure)
    }
  }
  if (command === 'install' && done > 0) {
    say(
      wiresharks.length === 0 && named === undefined
        ? 'no Wireshark is found on this machine; it will find kcap when it is there'
        : 'start Wireshark (or press F5 in its list) and look for "kcap: …"; kcap doctor says what it will see',
    )
  }
  if (command === 'uninstall' && named === undefined && removeCache()) done++
  if (command === 'uninstall' && done === 0 && failures.length === 0)
    say(`nothing of kcap's is in ${folders.join(', ')}`)
  const [first, ...others] = failures
  for (const failure of others) printError(failure, false)
  if (first !== undefined) throw first
  return exitCodes.done
}

/** Returns the shared folder where a system package has installed kcap. */
async function findShared(wiresharks: readonly FoundWireshark[]): Promise<string | undefined> {
  for (const { sharedFolder } of wiresharks)
    if (sharedFolder !== undefined && (await readInstalled(sharedFolder)) !== undefined) return sharedFolder
  return undefined
}

/** Removes what listings stored: names, dialogs, choices. Returns whether there was any. */
function removeCache(): boolean {
  const { cache } = findUserFolders()
  if (!existsSync(cache)) return false
  rmSync(cache, { recursive: true })
  say(`removed ${cache}`)
  return true
}

function say(line: string): void {
  process.stdout.write(`kcap: ${line}\n`)
}
