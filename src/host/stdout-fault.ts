import { writeSync } from 'node:fs'

const states: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file may not grow further',
  EIO: 'the terminal is gone',
  EBADF: 'it is closed',
}
/** As for other outputs that can't be written (README, "Exit codes"). */
const exitCode = 7

/**
 * Reports that an answer could not be written to standard output, in one sentence, and returns the exit code for that. A reader that has seen enough, as
 * head does, is no failure: 0. Needs nothing that could fail, too.
 */
export function reportStdoutFault(error: unknown): number {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'EPIPE') return 0
  try {
    writeSync(2, `kcap: error: cannot write to standard output: ${states[code] ?? message}\n`)
  } catch {
    // Then the exit code says it.
  }
  return exitCode
}
