import { formatDialog } from './dialog.ts'
import { parseInterfaceValue } from './interface-name.ts'
import { readKnownDialog } from './known-dialogs.ts'
import { parseWords } from './parse-words.ts'

/** Returns the dialog of the requested interface, with its lists as far as known; an empty text for an interface that is not kcap's. */
export function formatConfig(argv: readonly string[]): string {
  const value = parseWords(argv).get('extcap-interface') ?? ''
  const reference = parseInterfaceValue(value)
  if (reference === undefined) return ''
  return readKnownDialog(value) ?? formatDialog(reference)
}
