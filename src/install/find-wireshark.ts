import { realpathSync } from 'node:fs'
import path from 'node:path'
import { runProgram } from '../host/run-program.ts'
import { findUserFolders } from '../host/user-folders.ts'
import { listWiresharkFiles } from '../host/wireshark-places.ts'

const answerTimeoutMs = 10_000

/** Wireshark found on this machine. */
export interface FoundWireshark {
  /** Program that was asked. */
  readonly program: string
  /** Version: `4.0.17`. */
  readonly version: string
  /** Folder in which it looks for this user's extcaps. */
  readonly folder: string
  /** Folder in which it looks for all users' extcaps; undefined if it does not report one. */
  readonly sharedFolder: string | undefined
}

/** Returns all installed Wiresharks, each once, with the version and folders that they report. */
export async function findWiresharks(environment: NodeJS.ProcessEnv = process.env): Promise<FoundWireshark[]> {
  // Debian's wireshark package has no tshark, and servers have tshark without the window.
  const programs = listWiresharkFiles(['tshark', 'wireshark', 'Wireshark'], environment).flatMap(resolve)
  const found: FoundWireshark[] = []
  for (const program of new Set(programs)) {
    // The tshark next to it has answered for both.
    if (found.some((other) => path.dirname(other.program) === path.dirname(program))) continue
    const answer = await askProgram(program, environment)
    if (answer !== undefined) found.push(answer)
  }
  return found
}

function resolve(file: string): string[] {
  try {
    return [realpathSync(file)]
  } catch {
    return []
  }
}

async function askProgram(program: string, environment: NodeJS.ProcessEnv): Promise<FoundWireshark | undefined> {
  const run = { timeoutMs: answerTimeoutMs, environment }
  const about = await runProgram([program, '--version'], run)
  const version = /(\d+\.\d+\.\d+)/.exec(about.stdout)?.[1]
  if (version === undefined) return undefined
  const told = path.basename(program).startsWith('tshark') ? await runProgram([program, '-G', 'folders'], run) : about
  const folder = /^Personal Extcap path:\s*(.+)$/m.exec(told.stdout)?.[1]?.trim()
  // Up to 4.0 the only folder that is reported.
  const sharedFolder = /^(?:Global )?Extcap path:\s*(.+)$/m.exec(told.stdout)?.[1]?.trim()
  return { program, version, folder: folder ?? standardFolder(version, environment), sharedFolder }
}

/**
 * Returns this user's extcap folders of all versions. The folder moved in 4.2; on Unix, out of the settings folder. Each Wireshark searches only one
 * of them, so kcap in both survives an update and is listed once.
 */
export function listStandardFolders(environment: NodeJS.ProcessEnv = process.env): string[] {
  return [...new Set([standardFolder('4.0', environment), standardFolder('4.2', environment)])]
}

function standardFolder(version: string, environment: NodeJS.ProcessEnv): string {
  const { home } = findUserFolders(environment)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (process.platform === 'win32') {
    const settings = environment.WIRESHARK_CONFIG_DIR ?? path.join(environment.APPDATA ?? home, 'Wireshark')
    return path.join(settings, 'extcap')
  }
  const isOld = major < 4 || (major === 4 && minor < 2)
  if (!isOld) return path.join(home, '.local', 'lib', 'wireshark', 'extcap')
  const settings = environment.XDG_CONFIG_HOME || path.join(home, '.config')
  return path.join(environment.WIRESHARK_CONFIG_DIR || path.join(settings, 'wireshark'), 'extcap')
}
