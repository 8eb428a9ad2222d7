import type { OptionName } from '../request/option-table.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import type { Selection } from './select-pods.ts'

/** Options of a capture that recorders take over as they are. */
const passedTexts = [
  ...([
    'filter',
    'protocol',
    'snaplen',
    'iface',
    'keep',
    'rotate-size',
    'rotate-time',
    'max-pods',
    'log-level',
  ] as const),
  ...(['to', 's3-endpoint', 's3-region'] as const),
] as const
const passedLists = ['port'] as const
const passedFlags = ['s3-path-style', 'no-names', 'verbose'] as const

/** Returns the arguments of `kcap record run`, without the node. */
export function makeRecorderArgv(
  parsed: Pick<ParsedArguments, 'text' | 'list' | 'flag'>,
  { words, selector }: Selection,
): string[] {
  const give = (name: OptionName, value: string) => [`--${name}`, value]
  return [
    ...words,
    ...(selector === undefined ? [] : give('selector', selector)),
    ...passedTexts.flatMap((name) => {
      const value = parsed.text(name)
      return value === undefined ? [] : give(name, value)
    }),
    ...passedLists.flatMap((name) => parsed.list(name).flatMap((value) => give(name, value))),
    ...passedFlags.flatMap((name) => (parsed.flag(name) ? [`--${name}`] : [])),
  ]
}
