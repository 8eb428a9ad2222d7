import { linkTypes } from '../base/link-type.ts'
import { formatSentence } from './sentence.ts'

/** Wireshark wants one and does not hold the stream to it (extcap.md §4); this is what `-i any` gives. */
export function formatDlts(): string {
  return formatSentence('dlt', { number: linkTypes.linuxSll2, name: 'LINUX_SLL2', display: 'Linux cooked capture v2' })
}
