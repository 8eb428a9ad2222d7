import { formatDialog } from './dialog.ts'
import { parseInterfaceValue } from './interface-name.ts'
import { readKnownDialog } from './known-dialogs.ts'
import { parseWords } from './parse-words.ts'

/** The dialog of the asked interface, with lists as they are known; nothing for one that is not ours. */
export function formatConfig(argv: readonly string[]): string {
  const value = parseWords(argv).get('extcap-interface') ?? ''
  const reference = parseInterfaceValue(value)
  if (reference === undefined) return ''
  return readKnownDialog(value) ?? formatDialog(reference)
}
