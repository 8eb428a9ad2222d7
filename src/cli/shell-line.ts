import { quote } from '../base/quote.ts'

/** A line of bash up to the cursor, as readline and bash take it apart. */
export interface ShellLine {
  /** The whole words, without what quotes them. */
  readonly words: readonly string[]
  /** The word at whose end the cursor is; '' after a space. */
  readonly current: string
  /** How much of it readline leaves as it is: all up to the last break character, or to the quotes that are open. */
  readonly kept: number
  /** The quotes in which the cursor is. */
  readonly openQuote: '' | "'" | '"'
}

/** Nothing is expanded: a variable or a command in it stays text. */
export function splitShellLine(line: string, breakCharacters: string): ShellLine {
  const words: string[] = []
  let current: string | undefined
  let kept = 0
  let openQuote: ShellLine['openQuote'] = ''
  for (let i = 0; i < line.length; i++) {
    const character = line[i] ?? ''
    if (openQuote === '' && /\s/.test(character)) {
      if (current !== undefined) words.push(current)
      current = undefined
      kept = 0
    } else if (character === openQuote) {
      openQuote = ''
      kept = current?.length ?? 0
    } else if (openQuote === '' && (character === "'" || character === '"')) {
      openQuote = character
      current ??= ''
      kept = current.length
    } else if (character === '\\' && openQuote !== "'") {
      const next = line[++i] ?? ''
      // Between double quotes a backslash is one unless it hides something.
      current = (current ?? '') + (openQuote === '"' && !/[$`"\\]/.test(next) ? `\\${next}` : next)
    } else {
      current = (current ?? '') + character
      if (openQuote === '' && breakCharacters.includes(character)) kept = current.length
    }
  }
  return { words, current: current ?? '', kept, openQuote }
}

/** What readline puts in the place of the rest of the word; undefined where the quotes that are open can't hold it. */
export function formatInsertion(value: string, { current, kept, openQuote }: ShellLine): string | undefined {
  if (!value.startsWith(current)) return undefined
  const rest = value.slice(kept)
  if (openQuote === '') return rest === '' ? undefined : quote(rest)
  return (openQuote === "'" ? /'/ : /["$`\\!]/).test(rest) ? undefined : rest
}
