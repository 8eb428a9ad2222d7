import { quoteArgv } from '../base/quote.ts'
import { type KnownOption, optionTable } from '../request/option-table.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import type { InterfaceReference } from './interface-name.ts'

/** Options that the target's words already express, or that concern Wireshark's window only. */
const otherwiseSaid = ['pod', 'target', 'filter', 'log-file', 'log-level']

/**
 * Returns the `kcap` line that repeats the capture of an interface and its dialog in a shell. `filters` come from the dialog and from Wireshark's own
 * field.
 */
export function formatRepeatLine(
  reference: InterfaceReference,
  parsed: ParsedArguments,
  filters: readonly string[],
): string {
  const isDemo = reference.kind === 'demo'
  const words =
    reference.kind === 'record'
      ? ['kcap', 'record', 'attach', reference.name]
      : ['kcap', ...(isDemo ? ['demo'] : nameTarget(parsed))]
  const rows = optionTable.filter(({ name }) => !otherwiseSaid.includes(name) && !(isDemo && isPlace(name)))
  const filter = filters.length > 1 ? filters.map((one) => `(${one})`).join(' and ') : filters[0]
  return quoteArgv([
    ...words,
    ...rows.flatMap((row) => formatOption(row, parsed)),
    ...(filter === undefined ? [] : ['--filter', filter]),
  ])
}

/** Returns whether an option selects a cluster; the demo has its own. */
function isPlace(option: string): boolean {
  return ['kubeconfig', 'context', 'namespace'].includes(option)
}

function nameTarget(parsed: ParsedArguments): string[] {
  const [pod, target] = [parsed.text('pod'), parsed.text('target')]
  return [...(pod === undefined ? [] : [`pod/${pod}`]), ...(target === undefined ? [] : [target])]
}

/** Returns the option as words if it differs from the default. */
function formatOption({ name, kind, choices, dialog }: KnownOption, parsed: ParsedArguments): string[] {
  if (kind === 'flag') return parsed.flag(name) ? [`--${name}`] : []
  const values = kind === 'list' ? parsed.list(name) : [parsed.text(name) ?? '']
  const defaults = ['', choices?.[0], dialog?.unchosen, dialog?.type === 'unsigned' ? '0' : undefined]
  return values
    .filter((value) => !defaults.includes(value))
    .flatMap((value) => (value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value]))
}
