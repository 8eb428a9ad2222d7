import { KcapError } from '../base/kcap-error.ts'

type Units = ReadonlyMap<string, number>

const unitsMs: Units = new Map(Object.entries({ '': 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }))
const unitsBytes: Units = new Map(
  Object.entries({
    '': 1,
    b: 1,
    k: 1e3,
    kb: 1e3,
    kib: 1024,
    m: 1e6,
    mb: 1e6,
    mib: 1024 ** 2,
    g: 1e9,
    gb: 1e9,
    gib: 1024 ** 3,
  }),
)
/** setTimeout's limit: a longer time would end at once. */
const maxDurationMs = 2 ** 31 - 1

/** `60` (seconds), `90s`, `5m`, `2h` in milliseconds. Throws `usage`. */
export function parseDuration(option: string, text: string): number {
  const durationMs = parseWithUnit(text, unitsMs)
  if (durationMs === undefined || durationMs <= 0 || durationMs > maxDurationMs)
    throw badValue(option, text, 'a time is a number of seconds, or 90s, 5m, 2h')
  return durationMs
}

/** `200ms`, `1s`, `0` in milliseconds, up to `maxMs`. Throws `usage`. */
export function parseShortTime(option: string, text: string, maxMs: number): number {
  const timeMs = parseWithUnit(text, unitsMs)
  if (timeMs === undefined || timeMs > maxMs)
    throw badValue(option, text, `a time up to ${maxMs / 1000} s is 0, 200ms, 1s`)
  return timeMs
}

/** `1000`, `64KiB`, `100MB`, `2GB` in bytes. Throws `usage`. */
export function parseSize(option: string, text: string): number {
  const bytes = parseWithUnit(text, unitsBytes)
  if (bytes === undefined || bytes < 1 || bytes > Number.MAX_SAFE_INTEGER)
    throw badValue(option, text, 'a size is a number of bytes, or 64KiB, 100MB, 2GB')
  return Math.floor(bytes)
}

/** A whole number from `min` to `max`. Throws `usage`. */
export function parseCount(option: string, text: string, min: number, max: number): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= min && count <= max)) throw badValue(option, text, `it is a whole number from ${min} to ${max}`)
  return count
}

function parseWithUnit(text: string, units: Units): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text)
  const unit = units.get(match?.[2]?.toLowerCase() ?? '')
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}

function badValue(option: string, text: string, rule: string): KcapError {
  return new KcapError('usage', `cannot use --${option} "${text}": ${rule}`, { hints: ['kcap --help'] })
}
