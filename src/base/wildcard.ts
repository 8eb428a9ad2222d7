/** Where in a text a pattern stopped fitting. */
interface Place {
  readonly pattern: number
  readonly text: number
}

/**
 * Whether a pattern stands for a text: `*` for any characters, `?` for one, all else for itself. Takes as long as both lengths multiplied at most:
 * a regular expression with many `.*` tries every way, which for `*a*a*a*a*a*a*a*b` may be years.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at: Place = { pattern: 0, text: 0 }
  /** After the last `*`: it may take one character more. */
  let retry: Place | undefined
  while (at.text < text.length) {
    const wanted = pattern[at.pattern]
    if (wanted === '*') {
      at = { ...at, pattern: at.pattern + 1 }
      retry = at
    } else if (wanted === '?' || wanted === text[at.text]) {
      at = { pattern: at.pattern + 1, text: at.text + 1 }
    } else if (retry !== undefined) {
      retry = { ...retry, text: retry.text + 1 }
      at = retry
    } else return false
  }
  return /^\**$/.test(pattern.slice(at.pattern))
}
