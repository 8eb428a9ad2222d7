import { type Command, commands, findCommand, isCommand } from '../request/command-table.ts'
import type { CommandOption, OptionRow } from '../request/option-row.ts'
import { optionTable } from '../request/option-table.ts'

/** Incomplete command line: everything before the word at the cursor. */
export interface TypedWords {
  readonly command: Command | undefined
  /** Options that may follow, those of the command first. */
  readonly rows: readonly (OptionRow | CommandOption)[]
  /** Words that are not options, without the command. */
  readonly words: readonly string[]
  /** Values by long option name, the last one of each; '' for a flag. */
  readonly given: ReadonlyMap<string, string>
  /** Option whose value comes next. */
  readonly awaited: OptionRow | CommandOption | undefined
  /** Whether `--` has ended the options. */
  readonly isEnded: boolean
}

/** Returns the index of the first word that is not an option: the command, if there is one; -1 when no such word precedes `--`. */
export function findFirstWord(argv: readonly string[]): number {
  const rows = [...commands.flatMap((command) => findCommand(command).options ?? []), ...optionTable]
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string
    if (!/^-./.test(word)) return at
    if (word === '--') return -1
    const row = word.includes('=') ? undefined : rows.find((known) => isNameOf(known, word))
    if (row !== undefined && row.kind !== 'flag') at += 1
  }
  return -1
}

/** Parses an incomplete command line. Never throws: what is invalid now may become valid later. */
export function readTypedWords(argv: readonly string[]): TypedWords {
  const firstAt = findFirstWord(argv)
  const first = argv[firstAt]
  const command = isCommand(first) ? first : undefined
  const rows = [...(command === undefined ? [] : (findCommand(command).options ?? [])), ...optionTable]
  const words: string[] = []
  const given = new Map<string, string>()
  let awaited: TypedWords['awaited']
  let isEnded = false
  for (const word of argv.filter((_word, at) => command === undefined || at !== firstAt)) {
    if (awaited !== undefined) {
      given.set(awaited.name, word)
      awaited = undefined
    } else if (isEnded || !/^-./.test(word)) words.push(word)
    else if (word === '--') isEnded = true
    else {
      const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? []
      const row = rows.find((known) => isNameOf(known, name))
      if (row === undefined) continue
      given.set(row.name, value ?? '')
      if (row.kind !== 'flag' && value === undefined) awaited = row
    }
  }
  return { command, rows, words, given, awaited, isEnded }
}

/** Returns whether a word is an option's name: `--name`, or the last letter of several behind one dash: `-An`. */
function isNameOf({ name, short, aliases = [] }: OptionRow | CommandOption, word: string): boolean {
  if (word.startsWith('--')) return word === `--${name}`
  return [short, ...aliases].some((letter) => letter !== undefined && letter === word.at(-1))
}
