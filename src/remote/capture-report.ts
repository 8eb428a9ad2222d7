import { reportPrefix } from './supervisor-script.ts'

/** What a line on the remote side's standard error means. */
export type CaptureReport =
  /** The capture command as it really runs, own-stream exclusion included. */
  | { readonly kind: 'using'; readonly command: string }
  /** Seconds since the epoch, as the remote side has them, and how exactly it says so. */
  | { readonly kind: 'clock'; readonly timeMs: number; readonly precisionMs: number }
  | { readonly kind: 'missing'; readonly program: string }
  /** The stream comes as it is, since there is no such program to compress it. */
  | { readonly kind: 'uncompressed'; readonly program: string }
  /** No process of the pod is there. */
  | { readonly kind: 'no-pod' }
  /** The network that would have been entered has other addresses than the pod. */
  | { readonly kind: 'other-pod' }
  /** The supervisor has heard nothing from here, and ends the program. */
  | { readonly kind: 'silent' }
  /** The interface is open: packets from now on are captured. */
  | { readonly kind: 'listening' }
  | {
      readonly kind: 'counter'
      readonly counter: 'captured' | 'received' | 'dropped' | 'droppedByInterface'
      /** undefined: it says a number that none can be. */
      readonly count: number | undefined
    }
  /** With the exit code of the capture program. */
  | { readonly kind: 'ended'; readonly code: number }
  /** Answers a heartbeat. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'text'; readonly text: string }

/** Longest line kept: the remote side may be hostile. */
const maxLineBytes = 4096
const lineEnd = 0x0a
/** Programs that the supervisor looks for; a file's name is no longer. */
const programPattern = /^[\w./+-]{1,255}$/
/** The year 9999; what is later is no clock. */
const latestSecond = 253_402_300_799

/** Reads standard error of a supervised capture, cut into any chunks, as reports. */
export function makeReportReader(): { push(chunk: Buffer): Iterable<CaptureReport>; end(): CaptureReport[] } {
  /** The begun line, as far as it is kept. */
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

/** Printed once, at the end: tcpdump.c, info(); dumpcap.c, report_packet_count() and report_capture_error(). */
const counters = [
  ['captured', /^(\d+) packets? captured$/],
  ['captured', /^Packets captured: (\d+)$/],
  ['received', /^(\d+) packets? received by filter$/],
  ['received', /^Packets received\/dropped on interface .*: (\d+)\/\d+ \(/],
  ['dropped', /^(\d+) packets? dropped by kernel$/],
  ['dropped', /^Packets received\/dropped on interface .*: \d+\/(\d+) \(/],
  ['droppedByInterface', /^(\d+) packets? dropped by interface$/],
] as const

/** Word in every line with a packet counter. */
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

/** A line of the supervisor's; undefined when it is not as the supervisor writes it. */
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

/** busybox's date may know no nanoseconds; then it prints the letters. */
function readClock(value: string): CaptureReport | undefined {
  const [, seconds, fraction = ''] = /^(\d{1,12})\.(.*)$/s.exec(value) ?? []
  if (seconds === undefined || Number(seconds) > latestSecond) return undefined
  return /^\d{9}$/.test(fraction)
    ? { kind: 'clock', timeMs: Number(seconds) * 1000 + Number(fraction) / 1e6, precisionMs: 0 }
    : { kind: 'clock', timeMs: Number(seconds) * 1000, precisionMs: 1000 }
}
