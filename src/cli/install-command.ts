import { exitCodes } from '../base/error-codes.ts'
import { findExtcapFolder } from '../install/find-extcap-folder.ts'
import { installLauncher, uninstallLauncher } from '../install/launcher.ts'
import { parseArguments } from '../request/parse-arguments.ts'

/** `kcap install` and `kcap uninstall`. */
export async function install(command: 'install' | 'uninstall', argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv, { more: [{ name: 'folder', kind: 'text' }] })
  const folder = parsed.text('folder') ?? (await findExtcapFolder())
  const say = (line: string) => process.stdout.write(`kcap: ${line}\n`)
  if (command === 'install') {
    const path = await installLauncher(folder)
    say(`Wireshark will find kcap at ${path}`)
    say('start Wireshark (or press F5 in its list) and look for "kcap: …"')
  } else {
    const path = await uninstallLauncher(folder)
    say(path === undefined ? `nothing of kcap's is in ${folder}` : `removed ${path}`)
  }
  return exitCodes.done
}
