import { writeSync } from 'node:fs'
import { reportStdoutFault } from './stdout-fault.ts'

/**
 * Writes an answer to standard output and returns the exit code once the kernel has all of it; exiting earlier would truncate it in a pipe. Avoids
 * process.stdout, whose streams take 10 ms to load, unless the pipe is non-blocking.
 */
export async function writeAnswer(text: string): Promise<number> {
  let rest = Buffer.from(text)
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return reportStdoutFault(error)
    await new Promise<void>((resolve) => process.stdout.write(rest, () => resolve()))
  }
  return 0
}
