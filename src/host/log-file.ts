import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { printable } from '../base/printable.ts'
import { isPlanted } from './planted-file.ts'

/** Adds a line with the time before it to a log. Never fails: a capture is worth more than its log. */
export type WriteLog = (line: string) => void

/**
 * Opens a log file, once, so that nothing put in its place later is written to; undefined: nothing is logged.
 * @throws {KcapError} output-not-writable — when it can't be opened, or when another user may have put it there
 */
export function openLogFile(file: string | undefined): WriteLog {
  if (file === undefined) return () => {}
  const descriptor = openLog(file)
  return (line) => {
    try {
      writeSync(descriptor, `${new Date().toISOString()} ${printable(line)}\n`)
    } catch {
      // The disk is full, or the reader of a FIFO is gone.
    }
  }
}

function openLog(file: string): number {
  try {
    if (isPlanted(file)) throw new Error('another user has put it there')
    const descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
    const status = fstatSync(descriptor)
    // A second name for a file of this user's, which is not to be written into.
    if (status.isFile() && status.nlink > 1) throw new Error('it has another name too')
    return descriptor
  } catch (error) {
    throw new KcapError('output-not-writable', `cannot write the log "${file}": ${(error as Error).message}`, {
      hints: [line('ls', '-l', fileWord(file)), '--log-file OTHER-NAME'],
      cause: error,
    })
  }
}
