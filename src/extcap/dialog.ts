import type { DialogArgument } from '../request/option-row.ts'
import { findOption, type KnownOption, optionTable } from '../request/option-table.ts'
import type { InterfaceReference } from './interface-name.ts'
import { formatSentence } from './sentence.ts'
import { secretArguments } from './take-secrets.ts'

/** Entries of the dialog's lists, by option name. */
export type DialogLists = Readonly<Record<string, readonly string[]>>

/** Maximum length of a list. Nobody searches a longer one, and Wireshark keeps all of it in memory. */
const maxListLength = 2_000

/**
 * Returns the dialog of an interface as `arg` and `value` sentences, from the option table. Every argument has a group: ungrouped ones vanish if
 * number 0 is in a group. Nothing is `required`: combined with a value that is not saved, that reopens the dialog forever
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
  return rows + formatSecrets(reference.kind)
}

/** Returns the sentences of one argument with its values. */
function formatArgument(
  row: KnownOption,
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
    // For a list, this is the text of its reload button.
    placeholder: dialog.reload ?? dialog.placeholder,
    reload: dialog.reload === undefined ? undefined : true,
    group: tabOf(row),
    validation: dialog.validation,
    mustexist: dialog.type === 'fileselect' ? true : undefined,
    default: dialog.type === 'unsigned' ? 0 : undefined,
  })
  if (dialog.reload !== undefined)
    return argument + formatList(row.name, [...(lists[row.name] ?? []), ...(dialog.entries ?? [])], '', reference)
  // A list with labels has only what they name.
  const offered = (row.choices ?? []).filter((value) => dialog.choices === undefined || value in dialog.choices)
  const values = (dialog.type === 'selector' ? offered : []).map((value, index) =>
    formatSentence('value', { arg: number, value, display: dialog.choices?.[value] ?? value, default: index === 0 }),
  )
  return argument + values.join('')
}

/** Returns the arguments for secrets. Wireshark has no preference for them: it asks each time and forgets them with the dialog. */
function formatSecrets(kind: InterfaceReference['kind']): string {
  return secretArguments
    .filter(({ on }) => on === kind)
    .map(({ name, display, tooltip, tab }, index) =>
      formatSentence('arg', {
        number: firstNumber - secretArguments.length + index,
        call: `--${name}`,
        display,
        type: 'password',
        tooltip,
        group: tab,
        save: false,
      }),
    )
    .join('')
}

/**
 * Returns the `value` sentences of one list: the empty choice, then the entries. `current` is the current choice. It stays selected if the list
 * contains it, so that nothing from another namespace is captured by mistake. An interface always stays, because a vanished pod's interface may
 * reappear.
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

/** Returns the entries of the lists in a dialog written by `formatDialog`. */
export function readDialogLists(text: string): DialogLists {
  const lists: Record<string, string[]> = {}
  for (const [, number, value = ''] of text.matchAll(/^value \{arg=(\d+)\}\{value=(.+?)\}\{display=/gm)) {
    const row = optionTable[Number(number) - firstNumber]
    if (row?.dialog?.reload === undefined) continue
    lists[row.name] = [...(lists[row.name] ?? []), value]
  }
  return lists
}

/**
 * Returns the sentences for a list that could not be filled. They show the reason in the list itself, the only place where a reload can report
 * anything.
 */
export function formatListFailure(name: string, reason: string, chosen = ''): string {
  const row = findOption(name)
  const number = row === undefined ? undefined : numberOf(row)
  return (
    formatSentence('value', { arg: number, value: chosen, display: chosen === '' ? reason : chosen, default: true }) +
    (chosen === '' ? '' : formatSentence('value', { arg: number, value: '', display: reason, default: false }))
  )
}

/** First number of the table's arguments; smaller numbers are for a tab that comes first. */
const firstNumber = 100

/**
 * Returns the number of an argument, by which Wireshark orders arguments and tabs. It follows the table, so it does not depend on what an interface
 * leaves out. Only the dialog of a host begins with the SSH tab.
 */
function numberOf(row: KnownOption, reference?: InterfaceReference): number {
  const sshRows = optionTable.filter(({ group }) => group === 'SSH')
  return reference?.kind === 'ssh' && row.group === 'SSH'
    ? sshRows.indexOf(row)
    : firstNumber + optionTable.indexOf(row)
}

/** Returns the label and tab of an option's field in a dialog; undefined if it has none. */
export function findField(
  option: string,
  reference: InterfaceReference,
): { readonly display: string; readonly tab: string } | undefined {
  const row = optionTable.find(({ name }) => name === option)
  if (row?.dialog === undefined || !isOffered(row.dialog, reference, row)) return undefined
  return { display: displayOf(fitDialog(row.dialog, reference), reference), tab: tabOf(row) }
}

/** Returns the argument adapted to this interface. */
function fitDialog(dialog: DialogArgument, reference: InterfaceReference | undefined): DialogArgument {
  return reference?.kind === 'workload' ? { ...dialog, ...dialog.ofWorkload } : dialog
}

/** Returns the label of an argument. In the dialogs of pods, a host is that of the pod's node. */
function displayOf({ display, displayBesidePod }: DialogArgument, { kind }: InterfaceReference): string {
  return kind === 'ssh' ? display : (displayBesidePod ?? display)
}

function tabOf({ group }: KnownOption): string {
  return group === 'Reporting' ? 'Debug' : group
}

function isOffered(dialog: DialogArgument, reference: InterfaceReference, row: KnownOption): boolean {
  // A stream is read as it is sent.
  if (reference.kind === 'shared' || reference.kind === 'record')
    return row.group === 'Limits' || row.group === 'Reporting'
  // The host is already known if it has its own interface.
  if (row.name === 'ssh-host' && reference.kind === 'ssh' && reference.hostPart !== undefined) return false
  return dialog.on === undefined || dialog.on.includes(reference.kind)
}
