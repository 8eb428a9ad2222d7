import { assignVariables } from './assign-variables.ts'
import { script } from './upload.sh'

/** Prefix of the names of uploaded programs, by which `kcap cleanup` recognises them. */
export const uploadedNamePrefix = 'kcap-tcpdump-'
export const uploadFolders = ['/tmp', '/var/tmp', '/dev/shm', '/run'] as const

/** Smallest piece: half a second on a link of 64 kbit/s. */
export const smallestPieceBytes = 4 * 1024
/** Largest piece, which is also the capacity of a pipe. On a link that slows down to 64 kbit/s it takes 8 s. */
export const largestPieceBytes = 64 * 1024
/** Limit of a run: 256 KiB in pieces of 64 KiB. dash has to start programs to read each word. */
export const largestRunDigit = 6

/**
 * Lines for the upload script's standard input, two bytes each. A digit announces a run of `smallestPieceBytes << digit` bytes, or of the remaining
 * bytes if there are fewer. The script reads it in pieces of at most `largestPieceBytes`.
 */
export const uploadWords = { heartbeat: 'h\n', remove: 'q\n', run: (digit: number) => `${digit}\n` } as const

/** Silence after which the remote side removes the file, in seconds. */
const silenceTimeoutSeconds = 20

/** Answer of the script, one per line on standard output. */
export type UploadAnswer =
  /** The script has found a folder and waits for the first run. */
  | { readonly kind: 'ready' }
  /** One more piece has been written. */
  | { readonly kind: 'taken' }
  /** The file is complete: its path, then its SHA-256, or its checksum and size as `cksum` prints them. */
  | { readonly kind: 'whole'; readonly path: string; readonly sum: string }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Returns a script that writes `size` bytes to an executable file, in the first folder from which one can run. It keeps the file until `remove`, the
 * end of its input, or silence. Nothing is left behind whenever kcap ends, and there is no gap between upload and capture. It reports `ready` and
 * waits for the first run, because an older API server does not report the end of a program with unread input.
 *
 * The script acknowledges each piece once it is written, which paces the sender and shows both sides that the other is alive.
 *
 * `machines` are the types that the program runs on, as in `uname -m`; empty if unknown.
 */
export function makeUploadArgv(upload: {
  readonly name: string
  readonly captureId: string
  readonly size: number
  readonly machines: readonly string[]
  readonly silenceSeconds?: number
}): string[] {
  const { name, captureId, size, machines, silenceSeconds = silenceTimeoutSeconds } = upload
  const words = [captureId, name, String(size), String(silenceSeconds), machines.join(' ')]
  const values = {
    smallest_piece: smallestPieceBytes,
    largest_piece: largestPieceBytes,
    largest_run_digit: largestRunDigit,
  }
  return ['sh', '-c', assignVariables(values, script), 'kcap-upload', ...words, ...uploadFolders]
}

const pathPattern = /^\/[\w./-]{1,200}$/
const maxReasonLength = 1_000

/** Parses a line of the script; returns undefined for anything else, because containers can print anything. */
export function parseUploadAnswer(line: string): UploadAnswer | undefined {
  const [word, path = '', ...sum] = line.trim().split(' ')
  if (word === 'ready' || word === 'taken') return { kind: word }
  if (word === 'failed') return { kind: word, reason: line.trim().slice(word.length + 1, maxReasonLength) }
  return word === 'whole' && pathPattern.test(path) ? { kind: word, path, sum: sum.join(' ') } : undefined
}
