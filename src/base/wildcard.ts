/** Positions in the pattern and in the text. */
interface Place {
  readonly pattern: number
  readonly text: number
}

/**
 * Returns whether a pattern matches a text: `*` stands for any characters, `?` for one, anything else for itself. Takes time proportional to the
 * product of both lengths at most. A regular expression with many `.*` tries every combination, which for `*a*a*a*a*a*a*a*b` may take years.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at: Place = { pattern: 0, text: 0 }
  /** Position after the last `*`, which can take one more character. */
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
