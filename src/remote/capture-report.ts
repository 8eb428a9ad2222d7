import { reportPrefix } from './supervisor-script.ts'

/** What a line on the far side's standard error means. */
export type CaptureReport =
  /** The capture command as it really runs, own-stream exclusion included. */
  | { readonly kind: 'using'; readonly command: string }
  /** Seconds since the epoch, as the far side has them, and how exactly it says so. */
  | { readonly kind: 'clock'; readonly timeMs: number; readonly precisionMs: number }
  | { readonly kind: 'missing'; readonly program: string }
  /** The stream comes as it is, since there is no such program to compress it. */
  | { readonly kind: 'uncompressed'; readonly program: string }
  /** No process of the pod is there. */
  | { readonly kind: 'no-pod' }
  /** The network that would have been entered has other addresses than the pod. */
  | { readonly kind: 'other-pod' }
  /** The interface is open: packets from now on are captured. */
  | { readonly kind: 'listening' }
  | {
      readonly kind: 'counter'
      readonly counter: 'captured' | 'received' | 'dropped' | 'droppedByInterface'
      readonly count: number
    }
  | { readonly kind: 'ended'; readonly code: number }
  /** Answers a heartbeat. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'text'; readonly text: string }

/** Longest line kept: the far side may be hostile. */
const maxLineLength = 4096

/** Reads standard error of a supervised capture, cut into any chunks, as reports. */
export function makeReportReader(): { push(chunk: Buffer): CaptureReport[]; end(): CaptureReport[] } {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    push(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = (lines.pop() ?? '').slice(0, maxLineLength)
      return lines.filter((line) => line.trim() !== '').flatMap((line) => readReports(line.slice(0, maxLineLength)))
    },
    end() {
      const line = rest
      rest = ''
      return line.trim() === '' ? [] : readReports(line)
    },
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

function readReports(line: string): CaptureReport[] {
  const counted = counters.flatMap(([counter, pattern]): CaptureReport[] => {
    const count = pattern.exec(line.trimEnd())?.[1]
    return count === undefined ? [] : [{ kind: 'counter', counter, count: Number(count) }]
  })
  return counted.length > 0 ? counted : [readReport(line)]
}

function readReport(line: string): CaptureReport {
  const text = line.trimEnd()
  if (text.startsWith(reportPrefix)) {
    const [word = '', ...rest] = text.slice(reportPrefix.length).split(' ')
    const value = rest.join(' ')
    if (word === 'using') return { kind: 'using', command: value }
    // busybox's date may know no nanoseconds; then it prints the letters.
    const [, seconds, fraction] = word === 'clock' ? (/^(\d{1,12})\.(\d{9}|.*)$/.exec(value) ?? []) : []
    if (seconds !== undefined) {
      const isExact = /^\d{9}$/.test(fraction ?? '')
      return isExact
        ? { kind: 'clock', timeMs: Number(seconds) * 1000 + Number(fraction) / 1e6, precisionMs: 0 }
        : { kind: 'clock', timeMs: Number(seconds) * 1000, precisionMs: 1000 }
    }
    if (word === 'no-pod' || word === 'other-pod') return { kind: word }
    if (word === 'alive') return { kind: 'alive' }
    if (word === 'uncompressed') return { kind: 'uncompressed', program: value }
    if (word === 'missing') return { kind: 'missing', program: value }
    if (word === 'ended' && /^\d+$/.test(value)) return { kind: 'ended', code: Number(value) }
  }
  if (/listening on .*, link-type |^File: -$/.test(text)) return { kind: 'listening' }
  return { kind: 'text', text }
}
