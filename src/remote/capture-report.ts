import { reportPrefix } from './supervisor-script.ts'

/** Meaning of a line on the remote side's standard error. */
export type CaptureReport =
  /** Capture command as it actually runs, including the exclusion of kcap's own stream. */
  | { readonly kind: 'using'; readonly command: string }
  /** Remote clock, in milliseconds since the epoch, and its precision. */
  | { readonly kind: 'clock'; readonly timeMs: number; readonly precisionMs: number }
  | { readonly kind: 'missing'; readonly program: string }
  /** The stream arrives uncompressed, because the remote side lacks this program. */
  | { readonly kind: 'uncompressed'; readonly program: string }
  /** The pod has no process there. */
  | { readonly kind: 'no-pod' }
  /** The network about to be entered has other addresses than the pod. */
  | { readonly kind: 'other-pod' }
  /** The supervisor heard nothing from kcap and ends the program. */
  | { readonly kind: 'silent' }
  /** The interface is open: packets are captured from now on. */
  | { readonly kind: 'listening' }
  | {
      readonly kind: 'counter'
      readonly counter: 'captured' | 'received' | 'dropped' | 'droppedByInterface'
      /** Counter value; undefined if the reported number is impossible. */
      readonly count: number | undefined
    }
  /** The capture program has ended, with this exit code. */
  | { readonly kind: 'ended'; readonly code: number }
  /** Answer to a heartbeat. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'text'; readonly text: string }

/** Maximum length of a line to keep, because the remote side may be hostile. */
const maxLineBytes = 4096
const lineEnd = 0x0a
/** Names of programs that the supervisor looks for, within the length limit of file names. */
const programPattern = /^[\w./+-]{1,255}$/
/** Latest plausible time: the year 9999. */
const latestSecond = 253_402_300_799

/** Returns a reader that parses a supervised capture's standard error, cut into arbitrary chunks, into reports. */
export function makeReportReader(): { push(chunk: Buffer): Iterable<CaptureReport>; end(): CaptureReport[] } {
  /** Beginning of the current line, as far as it is kept. */
  const line = Buffer.alloc(maxLineBytes)
  let length = 0
  const endLine = () => {
    const text = line.toString('utf8', 0, length)
    length = 0
    return text.trim() === '' ? [] : readReports(text)
  }
  return {
    *push(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const found = chunk.indexOf(lineEnd, at)
        const end = found < 0 ? chunk.length : found
        length += chunk.copy(line, length, at, end)
        if (found >= 0) yield* endLine()
        at = end + 1
      }
    },
    end: endLine,
  }
}

/** Counters printed once, at the end: tcpdump.c, info(); dumpcap.c, report_packet_count() and report_capture_error(). */
const counters = [
  ['captured', /^(\d+) packets? captured$/],
  ['captured', /^Packets captured: (\d+)$/],
  ['received', /^(\d+) packets? received by filter$/],
  ['received', /^Packets received\/dropped on interface .*: (\d+)\/\d+ \(/],
  ['dropped', /^(\d+) packets? dropped by kernel$/],
  ['dropped', /^Packets received\/dropped on interface .*: \d+\/(\d+) \(/],
  ['droppedByInterface', /^(\d+) packets? dropped by interface$/],
] as const

/** Word that every line with a packet counter contains. */
const counterWords = /packet/i

function readReports(line: string): CaptureReport[] {
  if (!counterWords.test(line)) return [readReport(line)]
  const counted = counters.flatMap(([counter, pattern]): CaptureReport[] => {
    const count = pattern.exec(line.trimEnd())?.[1]
    return count === undefined ? [] : [{ kind: 'counter', counter, count: toCount(count) }]
  })
  return counted.length > 0 ? counted : [readReport(line)]
}

function toCount(digits: string): number | undefined {
  const count = Number(digits)
  return Number.isSafeInteger(count) ? count : undefined
}

function readReport(line: string): CaptureReport {
  const text = line.trimEnd()
  const [, word, value = ''] = text.startsWith(reportPrefix)
    ? (/^(\S*) ?(.*)$/s.exec(text.slice(reportPrefix.length)) ?? [])
    : []
  const report = word === undefined ? undefined : readOwnReport(word, value)
  if (report !== undefined) return report
  if (/listening on .*, link-type |^File: -$/.test(text)) return { kind: 'listening' }
  return { kind: 'text', text }
}

/** Parses a line of the supervisor's; returns undefined if the supervisor would not write it like that. */
function readOwnReport(word: string, value: string): CaptureReport | undefined {
  switch (word) {
    case 'using':
      return { kind: 'using', command: value }
    case 'clock':
      return readClock(value)
    case 'no-pod':
    case 'other-pod':
    case 'silent':
    case 'alive':
      return { kind: word }
    case 'uncompressed':
    case 'missing':
      return programPattern.test(value) ? { kind: word, program: value } : undefined
    case 'ended':
      return /^\d{1,3}$/.test(value) && Number(value) <= 255 ? { kind: 'ended', code: Number(value) } : undefined
    default:
      return undefined
  }
}

/** Parses the clock. busybox's date may not support nanoseconds; it then prints the letters. */
function readClock(value: string): CaptureReport | undefined {
  const [, seconds, fraction = ''] = /^(\d{1,12})\.(.*)$/s.exec(value) ?? []
  if (seconds === undefined || Number(seconds) > latestSecond) return undefined
  return /^\d{9}$/.test(fraction)
    ? { kind: 'clock', timeMs: Number(seconds) * 1000 + Number(fraction) / 1e6, precisionMs: 0 }
    : { kind: 'clock', timeMs: Number(seconds) * 1000, precisionMs: 1000 }
}
