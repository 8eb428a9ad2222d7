import minimist from 'minimist'
import { KcapError } from '../base/kcap-error.ts'
import { findNearNames } from '../base/near-names.ts'
import { quote } from '../base/quote.ts'
import type { OptionRow } from './option-row.ts'
import { type ChoiceOf, type ChoiceOption, isChoice, type OptionName, optionTable } from './option-table.ts'

/** Options by their long names, and the words that are none. */
export interface ParsedArguments<More extends string = never> {
  readonly words: readonly string[]
  text(name: OptionName | More): string | undefined
  list(name: OptionName | More): readonly string[]
  flag(name: OptionName | More): boolean
  /** The variables that stand for options, as a shell takes them before the command: `KCAP_CONTEXT=prod`. */
  readonly variables: readonly string[]
}

export interface ParseOptions<More extends string = never> {
  /** Options in addition to those of the table: of a command, or Wireshark's own. */
  readonly more?: readonly (Pick<OptionRow, 'short' | 'kind'> & { readonly name: More })[]
  /** Unknown options that are let through silently: Wireshark adds new `--extcap-…` with each version. */
  readonly ignoreUnknown?: RegExp
  /** Options without a value count as left out: Wireshark may hand over fields of its dialog that are empty. */
  readonly dropEmpty?: boolean
  /** Where `KCAP_DEBUG_IMAGE` stands for a `--debug-image` that is left out; default: this process's. */
  readonly environment?: NodeJS.ProcessEnv
}

/**
 * Parses a command line by the option table, what it leaves out from variables. Throws `usage` for an option that is unknown, lacks its
 * value, or has one it can't have.
 */
export function parseArguments<More extends string = never>(
  argv: readonly string[],
  options: ParseOptions<More> = {},
): ParsedArguments<More> {
  const rows: readonly (Pick<OptionRow, 'name' | 'short' | 'kind'> & Partial<OptionRow>)[] = [
    ...optionTable,
    ...(options.more ?? []),
  ]
  const end = argv.indexOf('--')
  const words = joinNegativeValues(argv.slice(0, end < 0 ? argv.length : end), rows)
  const spelled = words.flatMap((word) => spellOut(word, rows))
  const known = new Set(rows.map(({ name }) => name))
  const isKnown = (name: string) => known.has(name) || options.ignoreUnknown?.test(`--${name}`) === true
  const stranger = spelled.find((word) => isOption(word) && !isKnown(optionName(word)))
  if (stranger !== undefined) throw unknownOption(stranger, rows)
  // minimist would read --no-follow as the denial of an option "follow".
  const denials = new Set(rows.filter(({ name }) => name.startsWith('no-')).map(({ name }) => `--${name}`))
  const parsed = minimist(
    [...spelled.map((word) => (denials.has(word) ? `${word}=true` : word)), ...(end < 0 ? [] : argv.slice(end))],
    {
      // Everything as text: minimist would make numbers of pods named 1e3.
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
    text: (name) => values(name).at(-1) || fromVariable(name),
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

/** What overwrites a file, and in `kcap cleanup` ends what may be in use, is said each time. */
const spokenOption = 'force'

const switches: Readonly<Record<string, string>> = { '1': '1', true: '1', '0': '0', false: '0' }

function nameVariable(option: string): string {
  return `KCAP_${option.toUpperCase().replaceAll('-', '_')}`
}

/** What stands for options that are left out, by their names. Throws `usage`. */
function readVariables(environment: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const row of optionTable) {
    const variable = nameVariable(row.name)
    const value = environment[variable]
    if (!value || row.name === spokenOption) continue
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

/** `--duration -1` as `--duration=-1`: no option begins with a digit, so it is the value that is refused. */
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

type ShortRow = Pick<OptionRow, 'name' | 'short' | 'kind'> & Pick<Partial<OptionRow>, 'aliases'>

/** `-qf PORT` as `--quiet --filter PORT`. minimist reads such words itself, but takes minutes for one that is long. */
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

/** minimist would take `--constructor` for an option it has, `--no-port` for the port "false", and fail at `--==`. */
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
  // An empty filter is none; scripts pass `--filter "$FILTER"`.
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
  const near = findNearNames(
    word.replace(/^-+/, ''),
    rows.map(({ name }) => name),
    3,
  )
  return new KcapError('usage', `cannot use "${word}": there is no such option`, {
    hints: [...near.map((name) => `--${name}`), 'kcap --help'],
  })
}
