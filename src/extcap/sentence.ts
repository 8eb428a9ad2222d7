import { printable } from '../base/printable.ts'

/**
 * Returns one line of an extcap answer: `arg {number=0}{call=--pod}`. No other function builds such lines. Wireshark ends a value at the first `}`
 * followed by a `{`, white space or the end of the line, and knows no escape (extcap_parser.c, extcap_tokenize_sentence). A value therefore cannot
 * contain `}` or control characters.
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
