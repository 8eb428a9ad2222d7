import { checkFilter } from '../session/check-filter.ts'
import { parseWords } from './parse-words.ts'

/**
 * The verdict on the capture filter field: '' is valid, a text is what is wrong, undefined is "unable to check"
 * (extcap.c, extcap_verify_capture_filter).
 */
export async function judgeFilter(argv: readonly string[]): Promise<string | undefined> {
  const verdict = await checkFilter(parseWords(argv).get('extcap-capture-filter') ?? '')
  if (verdict.kind === 'unable') return undefined
  return verdict.kind === 'valid' ? '' : `${verdict.message}\n`
}
