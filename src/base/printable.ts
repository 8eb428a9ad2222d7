/**
 * Makes text from a cluster, a host or a file safe for a terminal, a log line or an extcap sentence. Control and format characters (escape sequences,
 * line breaks, bidirectional overrides) become visible escapes.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** Makes a text of several lines printable and keeps its line breaks. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/**
 * Returns a value as JSON that is safe for a terminal. JSON itself escapes only the first 32 characters. It leaves the C1 controls, which some
 * terminals take for escape sequences, and the characters that change the writing direction.
 */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
