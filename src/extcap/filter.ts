import { checkFilter } from '../session/check-filter.ts'
import { parseWords } from './parse-words.ts'

/**
 * Checks the capture filter field. Returns '' for a valid filter, a text that describes the error, or undefined for "unable to check" (extcap.c,
 * extcap_verify_capture_filter).
 */
export async function answerFilter(argv: readonly string[]): Promise<string | undefined> {
  const verdict = await checkFilter(parseWords(argv).get('extcap-capture-filter') ?? '')
  if (verdict.kind === 'unable') return undefined
  return verdict.kind === 'valid' ? '' : `${verdict.message}\n`
}
