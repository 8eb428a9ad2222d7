import { KcapError } from '../base/kcap-error.ts'

const dayMs = 24 * 60 * 60 * 1000

/**
 * Returns a point in time in milliseconds since the epoch: `2026-11-30T21:05:00Z`, the same without a zone in local time, or the last `21:05` or
 * `21:05:30`.
 * @throws {KcapError} usage — when the text is no time
 */
export function parseTime(option: string, text: string, nowMs = Date.now()): number {
  const [, hours, minutes, seconds = '0'] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? []
  if (hours !== undefined && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60) {
    const time = new Date(nowMs)
    time.setHours(Number(hours), Number(minutes), Number(seconds), 0)
    return time.getTime() > nowMs ? time.getTime() - dayMs : time.getTime()
  }
  const isDate = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(text)
  const timeMs = isDate ? new Date(text.replace(' ', 'T')).getTime() : Number.NaN
  if (!Number.isNaN(timeMs)) return timeMs
  throw new KcapError('usage', `cannot use --${option} "${text}": it is no time`, {
    hints: [`--${option} 21:05`, `--${option} 2026-11-30T21:05:00Z`],
  })
}
