import type { DialogArgument, OptionRow } from '../request/option-row.ts'
import { optionTable } from '../request/option-table.ts'
import type { InterfaceReference } from './interface-name.ts'
import { formatSentence } from './sentence.ts'
import { secretArguments } from './take-secrets.ts'

/** Entries of the dialog's lists, by the name of their option. */
export type DialogLists = Readonly<Record<string, readonly string[]>>

/** A longer list is no help to anybody, and Wireshark keeps all of it in memory. */
const maxListLength = 2_000

/**
 * The dialog of an interface as `arg` and `value` sentences, from the option table. Numbers follow the table, so that they stay the
 * same whatever an interface leaves out. Every argument has a group: ungrouped ones vanish when number 0 is in a group. Nothing is
 * `required`: that, with a value that is not saved, opens the dialog for ever (gitlab.com/wireshark/wireshark/-/issues/18487).
 */
export function formatDialog(reference: InterfaceReference, lists: DialogLists = {}): string {
  const rows = optionTable
    .map((row, number) => {
      const { dialog } = row
      if (dialog === undefined || !isOffered(dialog, reference, row)) return ''
      const argument = formatSentence('arg', {
        number,
        call: `--${row.name}`,
        display: dialog.display,
        type: dialog.type,
        tooltip: row.help,
        // Of a list it is the text of its button.
        placeholder: dialog.reload ?? dialog.placeholder,
        reload: dialog.reload === undefined ? undefined : true,
        group: row.group === 'Reporting' ? 'Debug' : row.group,
        mustexist: dialog.type === 'fileselect' ? true : undefined,
        default: dialog.type === 'unsigned' ? 0 : undefined,
      })
      if (dialog.reload !== undefined)
        return argument + formatList(row.name, [...(lists[row.name] ?? []), ...(dialog.entries ?? [])])
      const values = dialog.type === 'selector' ? (row.choices ?? []) : []
      return (
        argument +
        values
          .map((value, index) => formatSentence('value', { arg: number, value, display: value, default: index === 0 }))
          .join('')
      )
    })
    .join('')
  return rows + (reference.kind === 'ssh' ? formatSecrets() : '')
}

/** Wireshark has no preference for these: they are asked anew, and gone with the dialog. */
function formatSecrets(): string {
  return secretArguments
    .map(({ name, display, tooltip }, index) =>
      formatSentence('arg', {
        number: optionTable.length + index,
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

/** The `value` sentences of one list: nothing chosen, then the entries; `chosen` is what stands there now. */
export function formatList(name: string, entries: readonly string[], chosen = ''): string {
  const number = optionTable.findIndex((row) => row.name === name)
  const unchosen = optionTable[number]?.dialog?.unchosen ?? ''
  // What was typed stays, also where the list has none of it.
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
    const row = optionTable[Number(number)]
    if (row?.dialog?.reload === undefined) continue
    lists[row.name] = [...(lists[row.name] ?? []), value]
  }
  return lists
}

/** In place of a list that could not be filled: why, in the list itself, since a reload has no other way to speak. */
export function formatListFailure(name: string, reason: string, chosen = ''): string {
  const number = optionTable.findIndex((row) => row.name === name)
  return (
    formatSentence('value', { arg: number, value: chosen, display: chosen === '' ? reason : chosen, default: true }) +
    (chosen === '' ? '' : formatSentence('value', { arg: number, value: '', display: reason, default: false }))
  )
}

function isOffered(dialog: DialogArgument, reference: InterfaceReference, row: OptionRow): boolean {
  // The host of an interface of its own is known.
  if (row.name === 'ssh-host' && reference.kind === 'ssh' && reference.hostPart !== undefined) return false
  return dialog.on === undefined || dialog.on.includes(reference.kind)
}
