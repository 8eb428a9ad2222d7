import type { DialogArgument } from '../request/option-row.ts'
import { findOption, optionTable, type TableRow } from '../request/option-table.ts'
import type { InterfaceReference } from './interface-name.ts'
import { formatSentence } from './sentence.ts'
import { secretArguments } from './take-secrets.ts'

/** Entries of the dialog's lists, by the name of their option. */
export type DialogLists = Readonly<Record<string, readonly string[]>>

/** A longer list is no help to anybody, and Wireshark keeps all of it in memory. */
const maxListLength = 2_000

/**
 * Returns the dialog of an interface as `arg` and `value` sentences, from the option table. Every argument has a group: ungrouped ones vanish when
 * number 0 is in a group. Nothing is `required`: that, with a value that is not saved, opens the dialog for ever
 * (gitlab.com/wireshark/wireshark/-/issues/18487).
 */
export function formatDialog(reference: InterfaceReference, lists: DialogLists = {}): string {
  const rows = optionTable
    .flatMap((row) =>
      row.dialog !== undefined && isOffered(row.dialog, reference, row)
        ? [formatArgument(row, fitDialog(row.dialog, reference), reference, lists)]
        : [],
    )
    .join('')
  return rows + (reference.kind === 'ssh' ? formatSecrets() : '')
}

/** One argument with its values. */
function formatArgument(
  row: TableRow,
  dialog: DialogArgument,
  reference: InterfaceReference,
  lists: DialogLists,
): string {
  const number = numberOf(row, reference)
  const argument = formatSentence('arg', {
    number,
    call: `--${row.name}`,
    display: displayOf(dialog, reference),
    type: dialog.type,
    tooltip: dialog.tooltip,
    // Of a list it is the text of its button.
    placeholder: dialog.reload ?? dialog.placeholder,
    reload: dialog.reload === undefined ? undefined : true,
    group: tabOf(row),
    validation: dialog.validation,
    mustexist: dialog.type === 'fileselect' ? true : undefined,
    default: dialog.type === 'unsigned' ? 0 : undefined,
  })
  if (dialog.reload !== undefined)
    return argument + formatList(row.name, [...(lists[row.name] ?? []), ...(dialog.entries ?? [])], '', reference)
  const values = (dialog.type === 'selector' ? (row.choices ?? []) : []).map((value, index) =>
    formatSentence('value', { arg: number, value, display: dialog.choices?.[value] ?? value, default: index === 0 }),
  )
  return argument + values.join('')
}

/** Wireshark has no preference for these: they are asked anew, and gone with the dialog. */
function formatSecrets(): string {
  return secretArguments
    .map(({ name, display, tooltip }, index) =>
      formatSentence('arg', {
        number: firstNumber - secretArguments.length + index,
        call: `--${name}`,
        display,
        type: 'password',
        tooltip,
        group: 'SSH',
        save: false,
      }),
    )
    .join('')
}

/**
 * Returns the `value` sentences of one list: nothing chosen, then the entries. `current` is what is chosen now; it stays where the list has it, so that
 * nothing of another namespace is captured by mistake. An interface stays in any case: that of a pod that has gone may come again.
 */
export function formatList(
  name: string,
  entries: readonly string[],
  current = '',
  reference?: InterfaceReference,
): string {
  const chosen = name === 'iface' || entries.includes(current) ? current : ''
  const row = findOption(name)
  const number = row === undefined ? undefined : numberOf(row)
  const unchosen = (row?.dialog === undefined ? undefined : fitDialog(row.dialog, reference).unchosen) ?? ''
  const values = [...new Set([...(chosen === '' ? [] : [chosen]), ...entries.slice(0, maxListLength)])]
    .filter((value) => value !== unchosen)
    .map((value) => ({ value, display: value }))
  return [{ value: '', display: unchosen }, ...values]
    .map(({ value, display }) =>
      formatSentence('value', { arg: number, value, display, default: value === (chosen === unchosen ? '' : chosen) }),
    )
    .join('')
}

/** The entries of the lists in a dialog that `formatDialog` has written. */
export function readDialogLists(text: string): DialogLists {
  const lists: Record<string, string[]> = {}
  for (const [, number, value = ''] of text.matchAll(/^value \{arg=(\d+)\}\{value=(.+?)\}\{display=/gm)) {
    const row = optionTable[Number(number) - firstNumber]
    if (row?.dialog?.reload === undefined) continue
    lists[row.name] = [...(lists[row.name] ?? []), value]
  }
  return lists
}

/** In place of a list that could not be filled: why, in the list itself, since a reload has no other way to speak. */
export function formatListFailure(name: string, reason: string, chosen = ''): string {
  const row = findOption(name)
  const number = row === undefined ? undefined : numberOf(row)
  return (
    formatSentence('value', { arg: number, value: chosen, display: chosen === '' ? reason : chosen, default: true }) +
    (chosen === '' ? '' : formatSentence('value', { arg: number, value: '', display: reason, default: false }))
  )
}

/** First number of the table's arguments; the numbers before it are for a tab that comes first. */
const firstNumber = 100

/**
 * Returns the number of an argument, which Wireshark orders arguments and tabs by. It follows the table, so that it is the same whatever an interface
 * leaves out; only the dialog of a host begins with the SSH tab.
 */
function numberOf(row: TableRow, reference?: InterfaceReference): number {
  const sshRows = optionTable.filter(({ group }) => group === 'SSH')
  return reference?.kind === 'ssh' && row.group === 'SSH'
    ? sshRows.indexOf(row)
    : firstNumber + optionTable.indexOf(row)
}

/** Returns what a dialog calls the field of an option, and the tab it is on; undefined: it has none. */
export function findField(
  option: string,
  reference: InterfaceReference,
): { readonly display: string; readonly tab: string } | undefined {
  const row = optionTable.find(({ name }) => name === option)
  if (row?.dialog === undefined || !isOffered(row.dialog, reference, row)) return undefined
  return { display: displayOf(fitDialog(row.dialog, reference), reference), tab: tabOf(row) }
}

/** Returns the argument as it is for this interface. */
function fitDialog(dialog: DialogArgument, reference: InterfaceReference | undefined): DialogArgument {
  return reference?.kind === 'workload' ? { ...dialog, ...dialog.ofWorkload } : dialog
}

/** A host beside a pod is that of its node. */
function displayOf({ display, displayBesidePod }: DialogArgument, { kind }: InterfaceReference): string {
  return kind === 'ssh' ? display : (displayBesidePod ?? display)
}

function tabOf({ group }: TableRow): string {
  return group === 'Reporting' ? 'Debug' : group
}

function isOffered(dialog: DialogArgument, reference: InterfaceReference, row: TableRow): boolean {
  // The host of an interface of its own is known.
  if (row.name === 'ssh-host' && reference.kind === 'ssh' && reference.hostPart !== undefined) return false
  return dialog.on === undefined || dialog.on.includes(reference.kind)
}
