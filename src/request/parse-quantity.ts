import { KcapError } from '../base/kcap-error.ts'
import { isKubeQuantity } from '../base/kube-quantity.ts'

type Units = ReadonlyMap<string, number>

const unitsMs: Units = new Map(Object.entries({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }))
const unitsBytes: Units = new Map([
  ...[...'kmgt'].flatMap((letter, index): [string, number][] => {
    const [decimal, binary] = [1_000 ** (index + 1), 1_024 ** (index + 1)]
    return [
      [letter, decimal],
      [`${letter}b`, decimal],
      [`${letter}i`, binary],
      [`${letter}ib`, binary],
    ]
  }),
  ['', 1],
  ['b', 1],
])
/** Maximum duration, because setTimeout fires at once for a longer one. */
const maxDurationMs = 2 ** 31 - 1

/**
 * Parses `60` (seconds), `90s`, `1m30s`, `2h`, `2d` to milliseconds.
 * @throws {KcapError} usage — when the text is no such time
 */
export function parseDuration(option: string, text: string): number {
  const durationMs = parseTime(text)
  const forms = ['90s', '1m30s', '2h']
  if (durationMs === undefined || durationMs <= 0)
    throw badValue(option, text, 'a time is a number of seconds, or 90s, 1m30s, 2h, 2d', forms)
  if (durationMs > maxDurationMs) throw badValue(option, text, 'the longest time is 24d', forms)
  return durationMs
}

/**
 * Parses `200ms`, `1s`, `0` to milliseconds, up to `maxMs`.
 * @throws {KcapError} usage — when the text is no such time
 */
export function parseShortTime(option: string, text: string, maxMs: number): number {
  const timeMs = parseTime(text)
  if (timeMs === undefined || timeMs > maxMs)
    throw badValue(option, text, `a time up to ${maxMs / 1000} s is 0, 200ms, 1s`, ['200ms', '1s'])
  return timeMs
}

/**
 * Parses `1000`, `10k`, `100MB` (decimal), `64KiB`, `10Mi` (binary) to bytes.
 * @throws {KcapError} usage — when the text is no such size
 */
export function parseSize(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text)
  const bytes = Number(match?.[1]) * (unitsBytes.get(match?.[2]?.toLowerCase() ?? '') ?? Number.NaN)
  if (!(bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER))
    throw badValue(option, text, 'a size is a number of bytes, or 10k, 100MB, 2GB, 64KiB, 10Mi', ['100MB', '10Mi'])
  return Math.floor(bytes)
}

/**
 * Checks a CPU or memory quantity: `100m`, `0.5`, `256Mi`.
 * @throws {KcapError} usage — when the text is no such quantity
 */
export function checkKubeQuantity(option: string, text: string): string {
  if (!isKubeQuantity(text)) throw badValue(option, text, 'an amount of CPU is 100m or 1, one of memory 256Mi')
  return text
}

/**
 * Parses a whole number from `min` to `max`.
 * @throws {KcapError} usage — when the text is no such number
 */
export function parseCount(option: string, text: string, min: number, max: number): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= min && count <= max)) throw badValue(option, text, `it is a whole number from ${min} to ${max}`)
  return count
}

/** Parses numbers with units, which add up, or a number of seconds; returns undefined for anything else. */
function parseTime(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1_000
  if (!/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/i.test(text)) return undefined
  const parts = [...text.matchAll(/([\d.]+)\s*([a-z]+)/gi)]
  const sum = parts.reduce((ms, [, count, unit = '']) => {
    return ms + Number(count) * (unitsMs.get(unit.toLowerCase()) ?? Number.NaN)
  }, 0)
  return Number.isNaN(sum) ? undefined : sum
}

function badValue(option: string, text: string, rule: string, forms: readonly string[] = []): KcapError {
  const hints = forms.length === 0 ? ['kcap --help'] : forms.map((form) => `--${option} ${form}`)
  return new KcapError('usage', `cannot use --${option} "${text}": ${rule}`, { hints })
}
