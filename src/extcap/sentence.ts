import { printable } from '../base/printable.ts'

/**
 * One line of an extcap answer: `arg {number=0}{call=--pod}`. The only place where such lines are made. Wireshark ends a value
 * at the first `}` that a `{`, white space or the line's end follows, and knows no escape (extcap_parser.c,
 * extcap_tokenize_sentence), so that `}` and control characters can't stand in a value.
 */
export function formatSentence(
  word: string,
  parameters: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const braces = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined ? [] : [`{${key}=${escapeValue(String(value))}}`],
  )
  return `${word} ${braces.join('')}\n`
}

function escapeValue(value: string): string {
  return printable(value).replaceAll('}', ')').replaceAll('{', '(')
}
