import { formatDialog } from './dialog.ts'
import { parseInterfaceValue } from './interface-name.ts'
import { parseWords } from './parse-words.ts'

/** The dialog of the asked interface; nothing for one that is not ours. */
export function formatConfig(argv: readonly string[]): string {
  const words = parseWords(argv)
  // None of the lists is filled from a cluster, so there is nothing to reload.
  if (words.get('extcap-reload-option') !== undefined) return ''
  const reference = parseInterfaceValue(words.get('extcap-interface') ?? '')
  return reference === undefined ? '' : formatDialog(reference.kind)
}
