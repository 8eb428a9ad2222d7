import { homedir } from 'node:os'
import path from 'node:path'
import { runProgram } from '../host/run-program.ts'

const tsharkTimeoutMs = 10_000

/**
 * Wireshark's personal extcap folder: as tshark tells it (`-G folders`), else by its version (it moved in 4.2), else the newer
 * of the two. extcap.md §6.
 */
export async function findExtcapFolder(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folders = await runProgram(['tshark', '-G', 'folders'], { timeoutMs: tsharkTimeoutMs })
  const told = readFolder(folders.stdout, 'Personal Extcap path')
  if (told !== undefined) return told
  const home = environment.HOME ?? homedir()
  if (process.platform === 'win32') return path.join(environment.APPDATA ?? home, 'Wireshark', 'extcap')
  const version = await runProgram(['tshark', '--version'], { timeoutMs: tsharkTimeoutMs })
  const [, major = '9', minor = '9'] = /(\d+)\.(\d+)\.\d+/.exec(version.stdout) ?? []
  const isOld = Number(major) < 4 || (Number(major) === 4 && Number(minor) < 2)
  // Up to 4.0 the folder lies in that of the settings, which WIRESHARK_CONFIG_DIR moves.
  const settings = readFolder(folders.stdout, 'Personal configuration') ?? path.join(home, '.config', 'wireshark')
  return isOld ? path.join(settings, 'extcap') : path.join(home, '.local', 'lib', 'wireshark', 'extcap')
}

function readFolder(text: string, title: string): string | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${title}:`))
  return line?.slice(title.length + 1).trim() || undefined
}
