import { appendFileSync } from 'node:fs'
import { printable } from '../base/printable.ts'

/** Adds a line with the time before it to a log file; undefined: there is none. Never fails: a capture is worth more than its log. */
export function appendToLog(file: string | undefined, line: string): void {
  if (file === undefined) return
  try {
    appendFileSync(file, `${new Date().toISOString()} ${printable(line)}\n`, { mode: 0o600 })
  } catch {
    // As said.
  }
}
