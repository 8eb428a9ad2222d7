import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { fileWord, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { LogLevel, WriteLog } from '../base/log.ts'
import { printable } from '../base/printable.ts'
import { isPlanted } from './planted-file.ts'

/** Names of fields whose values are secrets, at any place in an entry. */
const secretFields = ['token', 'password', 'passphrase', 'authorization', 'key', 'secret']

/**
 * Opens a log file and returns the function that writes to it; undefined logs nothing. The file is opened only once, so a file put in its place later
 * is not written to. Each entry is a line of JSON: `time` (ISO 8601), `level`, `msg` and the fields of `LogFields`.
 * @throws {KcapError} output-not-writable — when it cannot be opened, or another user may have put it there
 */
export async function openLogFile(file: string | undefined, level: LogLevel = 'info'): Promise<WriteLog> {
  if (file === undefined) return () => {}
  const descriptor = openLog(file)
  const output = {
    write(entry: string) {
      try {
        writeSync(descriptor, entry)
      } catch {
        // The disk is full, or the reader of a FIFO is gone.
      }
    },
  }
  const { default: pino } = await import('pino')
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    output,
  )
  return (message, { level: entryLevel = 'info', ...fields } = {}) =>
    log[entryLevel](toPrintable(fields), printable(message))
}

function toPrintable(fields: object): object {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? printable(value) : value]),
  )
}

function openLog(file: string): number {
  try {
    if (isPlanted(file)) throw new Error('another user has put it there')
    const descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
    const status = fstatSync(descriptor)
    // A hard link to another of the user's files, which must not be overwritten.
    if (status.isFile() && status.nlink > 1) throw new Error('it has another name too')
    return descriptor
  } catch (error) {
    throw new KcapError('output-not-writable', `cannot write the log "${file}": ${(error as Error).message}`, {
      hints: [line('ls', '-l', fileWord(file)), '--log-file OTHER-NAME'],
      cause: error,
    })
  }
}
