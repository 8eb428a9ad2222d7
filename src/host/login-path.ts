import path from 'node:path'
import { runProgram } from './run-program.ts'

const timeoutMs = 5_000
const mark = '--kcap-path--'
/** What each program gets that a desktop starts. */
const usualFolders = new Set(['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'])

/**
 * The folders that a terminal's PATH has and a desktop's may lack: credential plugins are in them. The user's login shell is asked as a
 * terminal would start it, because some set PATH in files for interactive shells only; what else those print is passed over.
 * Empty where it does not tell.
 */
export async function askLoginFolders(environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const shell = environment.SHELL
  if (process.platform === 'win32' || shell === undefined || !path.isAbsolute(shell)) return []
  // By a program, since fish has a list in place of PATH.
  const line = `echo ${mark}; printenv PATH; echo ${mark}`
  const { stdout } = await runProgram([shell, '-ilc', line], { timeoutMs, environment })
  const [, told = ''] = stdout.split(mark)
  const folders = told.trim().split(':')
  return [...new Set(folders.filter((folder) => path.isAbsolute(folder) && !usualFolders.has(folder)))]
}
