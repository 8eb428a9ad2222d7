import { reportPrefix } from './supervisor-script.ts'

/** What a line on the far side's standard error means. */
export type CaptureReport =
  /** The capture command as it really runs, own-stream exclusion included. */
  | { readonly kind: 'using'; readonly command: string }
  /** Seconds since the epoch, as the far side has them, and how exactly it says so. */
  | { readonly kind: 'clock'; readonly timeMs: number; readonly precisionMs: number }
  | { readonly kind: 'missing'; readonly program: string }
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
      return lines.filter((line) => line.trim() !== '').map((line) => readReport(line.slice(0, maxLineLength)))
    },
    end() {
      const line = rest
      rest = ''
      return line.trim() === '' ? [] : [readReport(line)]
    },
  }
}

/** tcpdump prints its counters once, at its end (tcpdump.c, info()). */
const counters = [
  ['captured', /^(\d+) packets? captured$/],
  ['received', /^(\d+) packets? received by filter$/],
  ['dropped', /^(\d+) packets? dropped by kernel$/],
  ['droppedByInterface', /^(\d+) packets? dropped by interface$/],
] as const

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
    if (word === 'alive') return { kind: 'alive' }
    if (word === 'missing') return { kind: 'missing', program: value }
    if (word === 'ended' && /^\d+$/.test(value)) return { kind: 'ended', code: Number(value) }
  }
  for (const [counter, pattern] of counters) {
    const match = pattern.exec(text)
    if (match !== null) return { kind: 'counter', counter, count: Number(match[1]) }
  }
  if (/listening on .*, link-type /.test(text)) return { kind: 'listening' }
  return { kind: 'text', text }
}
