import { writeSync } from 'node:fs'

const states: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file may not grow further',
  EIO: 'the terminal is gone',
  EBADF: 'it is closed',
}
/** Exit code for standard output that cannot be written, as for other outputs (README, "Exit codes"). */
const exitCode = 7

/**
 * Reports in one sentence that an answer could not be written to standard output, and returns the exit code. A reader that has seen enough, like
 * head, is no failure and yields 0. Uses nothing that could itself fail.
 */
export function reportStdoutFault(error: unknown): number {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'EPIPE') return 0
  try {
    writeSync(2, `kcap: error: cannot write to standard output: ${states[code] ?? message}\n`)
  } catch {
    // The exit code still reports it.
  }
  return exitCode
}
