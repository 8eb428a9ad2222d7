import { quoteArgv } from '../base/quote.ts'
import { optionTable, type TableRow } from '../request/option-table.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import type { InterfaceReference } from './interface-name.ts'

/** Options that the words of the target say, or that are of Wireshark's window alone. */
const otherwiseSaid = ['pod', 'target', 'filter', 'log-file', 'log-level']

/**
 * Returns the `kcap` line that captures in a shell what an interface with its dialog captures in Wireshark. `filters` are those of the dialog and of
 * Wireshark's own field.
 */
export function formatRepeatLine(
  reference: InterfaceReference,
  parsed: ParsedArguments,
  filters: readonly string[],
): string {
  const isDemo = reference.kind === 'demo'
  const words = isDemo ? ['kcap', 'demo'] : ['kcap', ...nameTarget(parsed)]
  const rows = optionTable.filter(({ name }) => !otherwiseSaid.includes(name) && !(isDemo && isPlace(name)))
  const filter = filters.length > 1 ? filters.map((one) => `(${one})`).join(' and ') : filters[0]
  return quoteArgv([
    ...words,
    ...rows.flatMap((row) => formatOption(row, parsed)),
    ...(filter === undefined ? [] : ['--filter', filter]),
  ])
}

/** The demo has a cluster of its own. */
function isPlace(option: string): boolean {
  return ['kubeconfig', 'context', 'namespace'].includes(option)
}

function nameTarget(parsed: ParsedArguments): string[] {
  const [pod, target] = [parsed.text('pod'), parsed.text('target')]
  return [...(pod === undefined ? [] : [`pod/${pod}`]), ...(target === undefined ? [] : [target])]
}

/** The option as words, where it is not what holds without it. */
function formatOption({ name, kind, choices, dialog }: TableRow, parsed: ParsedArguments): string[] {
  if (kind === 'flag') return parsed.flag(name) ? [`--${name}`] : []
  const values = kind === 'list' ? parsed.list(name) : [parsed.text(name) ?? '']
  const defaults = ['', choices?.[0], dialog?.unchosen, dialog?.type === 'unsigned' ? '0' : undefined]
  return values
    .filter((value) => !defaults.includes(value))
    .flatMap((value) => (value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value]))
}
