import { quote } from '../base/quote.ts'

/** Line of bash up to the cursor, split like readline and bash do. */
export interface ShellLine {
  /** Complete words, without their quotes. */
  readonly words: readonly string[]
  /** Word that ends at the cursor; '' after a space. */
  readonly current: string
  /** Length of the part that readline keeps: everything up to the last break character, or up to the open quotes. */
  readonly kept: number
  /** Open quotes at the cursor. */
  readonly openQuote: '' | "'" | '"'
}

/** Splits a line without expanding anything: a variable or a command in it stays text. */
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
      // Between double quotes, a backslash is literal unless it escapes something.
      current = (current ?? '') + (openQuote === '"' && !/[$`"\\]/.test(next) ? `\\${next}` : next)
    } else {
      current = (current ?? '') + character
      if (openQuote === '' && breakCharacters.includes(character)) kept = current.length
    }
  }
  return { words, current: current ?? '', kept, openQuote }
}

/** Returns the text that readline inserts for the rest of the word; undefined if the open quotes cannot contain it. */
export function formatInsertion(value: string, { current, kept, openQuote }: ShellLine): string | undefined {
  if (!value.startsWith(current)) return undefined
  const rest = value.slice(kept)
  if (openQuote === '') return rest === '' ? undefined : quote(rest)
  return (openQuote === "'" ? /'/ : /["$`\\!]/).test(rest) ? undefined : rest
}
