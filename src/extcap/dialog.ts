import { optionTable } from '../request/option-table.ts'
import type { InterfaceReference } from './interface-name.ts'
import { formatSentence } from './sentence.ts'

/**
 * The dialog of an interface as `arg` and `value` sentences, from the option table. Numbers follow the table, so that they stay the
 * same whatever an interface leaves out. Every argument has a group: ungrouped ones vanish when number 0 is in a group.
 */
export function formatDialog(kind: InterfaceReference['kind']): string {
  return optionTable
    .map((row, number) => {
      const { dialog } = row
      if (dialog === undefined || (dialog.on !== undefined && !dialog.on.includes(kind))) return ''
      const argument = formatSentence('arg', {
        number,
        call: `--${row.name}`,
        display: dialog.display,
        type: dialog.type,
        tooltip: row.help,
        placeholder: dialog.placeholder,
        group: row.group === 'Reporting' ? 'Debug' : row.group,
        mustexist: dialog.type === 'fileselect' ? true : undefined,
        default: dialog.type === 'unsigned' ? 0 : undefined,
        save: dialog.type === 'password' ? false : undefined,
      })
      const values = dialog.type === 'selector' ? (row.choices ?? []) : []
      return (
        argument +
        values
          .map((value, index) => formatSentence('value', { arg: number, value, display: value, default: index === 0 }))
          .join('')
      )
    })
    .join('')
}
