import minimist from 'minimist'
import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import type { OptionRow } from './option-row.ts'
import { type ChoiceOf, type ChoiceOption, isChoice, type OptionName, optionTable } from './option-table.ts'

/** Options by their long names, and the words that are not options. */
export interface ParsedArguments<More extends string = never> {
  readonly words: readonly string[]
  text(name: OptionName | More): string | undefined
  list(name: OptionName | More): readonly string[]
  flag(name: OptionName | More): boolean
  /** Environment variables used in place of options, as a shell accepts them before the command: `KCAP_CONTEXT=prod`. */
  readonly variables: readonly string[]
}

export interface ParseOptions<More extends string = never> {
  /** Options in addition to the table's: a command's, or Wireshark's own. */
  readonly more?: readonly (Pick<OptionRow, 'short' | 'kind'> & { readonly name: More })[]
  /** Unknown options to ignore silently: Wireshark adds new `--extcap-…` options with each version. */
  readonly ignoreUnknown?: RegExp
  /** Whether options without a value count as absent: Wireshark may pass empty fields of its dialog. */
  readonly dropEmpty?: boolean
  /** Environment whose variables replace missing options, such as `KCAP_DEBUG_IMAGE` for `--debug-image`; default: this process's. */
  readonly environment?: NodeJS.ProcessEnv
}

/**
 * Parses a command line by the option table, and fills in missing options from environment variables.
 * @throws {KcapError} usage — when an option is unknown, lacks its value, or has an invalid one
 */
export function parseArguments<More extends string = never>(
  argv: readonly string[],
  options: ParseOptions<More> = {},
): ParsedArguments<More> {
  // A command may give a name of the table another meaning: `kcap demo --serve`.
  const own = new Set<string>(options.more?.map(({ name }) => name))
  const rows: readonly (Pick<OptionRow, 'name' | 'short' | 'kind'> & Partial<OptionRow>)[] = [
    ...optionTable.filter(({ name }) => !own.has(name)),
    ...(options.more ?? []),
  ]
  const end = argv.indexOf('--')
  const words = addBareValues(joinNegativeValues(argv.slice(0, end < 0 ? argv.length : end), rows), rows)
  const spelled = words.flatMap((word) => spellOut(word, rows))
  const known = new Set(rows.map(({ name }) => name))
  const isKnown = (name: string) => known.has(name) || options.ignoreUnknown?.test(`--${name}`) === true
  const stranger = spelled.find((word) => isOption(word) && !isKnown(optionName(word)))
  if (stranger !== undefined) throw unknownOption(stranger, rows)
  // minimist would read --no-follow as the negation of an option "follow".
  const denials = new Set(rows.filter(({ name }) => name.startsWith('no-')).map(({ name }) => `--${name}`))
  const parsed = minimist(
    [...spelled.map((word) => (denials.has(word) ? `${word}=true` : word)), ...(end < 0 ? [] : argv.slice(end))],
    {
      // Keep everything as text: minimist would turn pods named 1e3 into numbers.
      string: rows
        .filter(({ kind }) => kind !== 'flag')
        .map(({ name }) => name)
        .concat('_'),
      boolean: rows.filter(({ kind }) => kind === 'flag').map(({ name }) => name),
      unknown: (word) => !isOption(word),
    },
  )
  const values = (name: string): readonly string[] => {
    const value: unknown = parsed[name]
    return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String)
  }
  for (const row of rows) {
    if (row.kind === 'flag') continue
    for (const value of values(row.name)) if (value !== '' || options.dropEmpty !== true) checkValue(row, value)
  }
  const variables = readVariables(options.environment ?? process.env)
  const fromVariable = (name: string) => (values(name).length === 0 ? variables.get(name) : undefined)
  return {
    words: parsed._,
    // A command's flag of the same name is no text.
    text: (name) => (typeof parsed[name] === 'boolean' ? undefined : values(name).at(-1) || fromVariable(name)),
    list: (name) => [...values(name), fromVariable(name) ?? ''].filter((value) => value !== ''),
    flag: (name) => parsed[name] === true || variables.has(name),
    variables: [...variables]
      .filter(([name]) => values(name).length === 0 || parsed[name] === false)
      .map(([name, value]) => `${nameVariable(name)}=${quote(value)}`),
  }
}

/** Returns the value of an option that has a few; undefined where it is left out. */
export function readChoice<Name extends ChoiceOption>(
  parsed: Pick<ParsedArguments, 'text'>,
  name: Name,
): ChoiceOf<Name> | undefined {
  const text = parsed.text(name)
  return isChoice(name, text) ? text : undefined
}

/** Option that no variable can set. It overwrites files, and in `kcap cleanup` ends what may be in use, so it must be given each time. */
const optionWithoutVariable = 'force'

const switches: Readonly<Record<string, string>> = { '1': '1', true: '1', '0': '0', false: '0' }

function nameVariable(option: string): string {
  return `KCAP_${option.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Returns the values of options that variables set, by option name.
 * @throws {KcapError} usage — when a variable has an invalid value
 */
function readVariables(environment: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const row of optionTable) {
    const variable = nameVariable(row.name)
    const value = environment[variable]
    if (!value || row.name === optionWithoutVariable) continue
    const choices = row.kind === 'flag' ? Object.keys(switches) : row.choices
    if (choices !== undefined && !choices.includes(value))
      throw new KcapError('usage', `cannot use ${variable} "${value}": must be one of: ${choices.join(', ')}`, {
        hints: [`unset ${variable}`],
      })
    if (row.kind !== 'flag') found.set(row.name, value)
    else if (switches[value] === '1') found.set(row.name, '1')
  }
  return found
}

/** Turns `--duration -1` into `--duration=-1`. No option begins with a digit, so this is a value, which is then rejected. */
function joinNegativeValues(words: readonly string[], rows: readonly ShortRow[]): string[] {
  const joined: string[] = []
  for (const word of words) {
    const option = joined.at(-1) ?? ''
    const row = rows.find(
      ({ name, short }) => option === `--${name}` || (short !== undefined && option === `-${short}`),
    )
    if (/^-\d/.test(word) && row !== undefined && row.kind !== 'flag')
      joined[joined.length - 1] = `--${row.name}=${word}`
    else joined.push(word)
  }
  return joined
}

/** Turns `--serve` into `--serve=127.0.0.1:0`, unless a value follows. */
function addBareValues(words: readonly string[], rows: readonly Partial<OptionRow>[]): string[] {
  return words.map((word, i) => {
    const bare = rows.find(({ name }) => word === `--${name}`)?.bare
    return bare === undefined || bare.followedBy.test(words[i + 1] ?? '') ? word : `${word}=${bare.value}`
  })
}

type ShortRow = Pick<OptionRow, 'name' | 'short' | 'kind'> & Pick<Partial<OptionRow>, 'aliases'>

/** Splits `-qf PORT` into `--quiet --filter PORT`. minimist does that itself, but takes minutes for a long word. */
function spellOut(word: string, rows: readonly ShortRow[]): string[] {
  if (!/^-[^-]/.test(word)) return [word]
  const spelled: string[] = []
  for (let i = 1; i < word.length; i++) {
    const letter = word[i] as string
    const row = rows.find(({ short, aliases = [] }) => short === letter || aliases.includes(letter))
    if (row === undefined) throw unknownOption(`-${String.fromCodePoint(word.codePointAt(i) ?? 0)}`, rows)
    const value = word.slice(i + 1).replace(/^=/, '')
    spelled.push(row.kind === 'flag' || value === '' ? `--${row.name}` : `--${row.name}=${value}`)
    if (row.kind !== 'flag') break
  }
  return spelled
}

/**
 * Returns whether a word has the form of an option. minimist alone would take `--constructor` for an option it has, `--no-port` for the port "false",
 * and fail at `--==`.
 */
function isOption(word: string): boolean {
  return /^--./s.test(word)
}

function optionName(word: string): string {
  return word.slice(2).replace(/(?<=.)=.*/s, '')
}

function checkValue(
  row: Pick<OptionRow, 'name' | 'value' | 'choices'> | { name: string; value?: string; choices?: readonly string[] },
  value: string,
): void {
  // An empty filter means none; scripts pass `--filter "$FILTER"`.
  if (value === '' && row.name !== 'filter') {
    throw new KcapError('usage', `cannot use --${row.name}: it needs a value`, {
      hints: [`--${row.name} ${row.value ?? 'VALUE'}`],
    })
  }
  if (row.choices !== undefined && !row.choices.includes(value)) {
    throw new KcapError('usage', `cannot use --${row.name} "${value}": must be one of: ${row.choices.join(', ')}`, {
      hints: ['kcap --help'],
    })
  }
}

function unknownOption(typed: string, rows: readonly { name: string }[]): KcapError {
  const word = typed.startsWith('--') ? `--${optionName(typed)}` : typed
  const near = findSimilarNames(
    word.replace(/^-+/, ''),
    rows.map(({ name }) => name),
    3,
  )
  return new KcapError('usage', `cannot use "${word}": there is no such option`, {
    hints: [...near.map((name) => `--${name}`), 'kcap --help'],
  })
}
