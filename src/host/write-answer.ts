import { writeSync } from 'node:fs'
import { reportStdoutFault } from './stdout-fault.ts'

/**
 * Settles with the exit code when the answer is with the kernel: leaving earlier would cut it off in a pipe. Not by process.stdout, whose streams take ten
 * milliseconds to load, unless the pipe is one that does not wait.
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
