import { readAnswer } from './answer-file.ts'
import { formatDialog } from './dialog.ts'
import { parseInterfaceValue } from './interface-name.ts'
import { parseWords } from './parse-words.ts'

/** The dialog of the asked interface, with lists as the last listing filled them; nothing for one that is not ours. */
export function formatConfig(argv: readonly string[]): string {
  const value = parseWords(argv).get('extcap-interface') ?? ''
  const reference = parseInterfaceValue(value)
  if (reference === undefined) return ''
  const key = process.env.KUBECONFIG ?? ''
  const known = reference.kind === 'cluster' ? readAnswer(value, (written) => written === key) : undefined
  return known ?? formatDialog(reference)
}
