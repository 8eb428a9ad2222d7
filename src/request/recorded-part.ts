import { KcapError } from '../base/kcap-error.ts'
import type { RecordedPart } from '../base/target.ts'
import type { ParsedArguments } from './parse-arguments.ts'
import { parseDuration } from './parse-quantity.ts'
import { parseTime } from './parse-time.ts'
import type { RecordOption } from './record-options.ts'

/**
 * Returns the wanted part of what is recorded.
 * @throws {KcapError} usage — when a time is invalid
 */
export function readRecordedPart(parsed: ParsedArguments<RecordOption>): RecordedPart {
  const [last, from, to] = [parsed.text('last'), parsed.text('from'), parsed.text('to')]
  if (last !== undefined && (from ?? to) !== undefined)
    throw new KcapError('usage', 'cannot use --last together with --from or --to: it ends now', {
      hints: ['--last 10m', '--from 21:05 --to 21:15'],
    })
  const fromMs = last !== undefined ? Date.now() - parseDuration('last', last) : from && parseTime('from', from)
  const toMs = to === undefined ? undefined : parseTime('to', to)
  if (typeof fromMs === 'number' && toMs !== undefined && toMs < fromMs)
    throw new KcapError('usage', 'cannot use --from and --to: the end is before the start', {
      hints: ['--from 21:05 --to 21:15'],
    })
  return { fromMs: typeof fromMs === 'number' ? fromMs : undefined, toMs }
}

/** Returns the options without those of object storage: `--to` is a time here, and the capture that reads a record stores nothing. */
export function omitStoreOptions(parsed: ParsedArguments<RecordOption>): ParsedArguments<RecordOption> {
  const isOfStore = (name: string) => name === 'to' || name.startsWith('s3-')
  return {
    ...parsed,
    text: (name) => (isOfStore(name) ? undefined : parsed.text(name)),
    flag: (name) => !isOfStore(name) && parsed.flag(name),
  }
}
