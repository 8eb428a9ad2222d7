/**
 * Text from a cluster, a host or a file, made safe for a terminal, a log line or an extcap sentence: control and format
 * characters (escape sequences, line breaks, bidirectional overrides) become visible escapes.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
