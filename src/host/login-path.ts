import path from 'node:path'
import { runProgram } from './run-program.ts'

const timeoutMs = 5_000
const mark = '--kcap-path--'
/** Folders on the PATH of every program that a desktop starts. */
const usualFolders = new Set(['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'])

/**
 * Returns the folders that a terminal's PATH has and a desktop's may lack: credential plugins are in them. Starts the user's login shell as a
 * terminal would, because some shells set PATH in files for interactive shells only. Ignores what else those files print. Returns an empty list if
 * the shell does not answer.
 */
export async function askLoginFolders(environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const shell = environment.SHELL
  if (process.platform === 'win32' || shell === undefined || !path.isAbsolute(shell)) return []
  // `printenv` works for every shell; fish keeps PATH as a list.
  const line = `echo ${mark}; printenv PATH; echo ${mark}`
  const { stdout } = await runProgram([shell, '-ilc', line], { timeoutMs, environment })
  const [, told = ''] = stdout.split(mark)
  const folders = told.trim().split(':')
  return [...new Set(folders.filter((folder) => path.isAbsolute(folder) && !usualFolders.has(folder)))]
}
