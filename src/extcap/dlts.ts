import { linkTypes } from '../base/link-type.ts'
import { formatSentence } from './sentence.ts'

/** Returns the link type. Wireshark requires one, but does not check the stream against it (extcap.md §4); this is the one of `-i any`. */
export function formatDlts(): string {
  return formatSentence('dlt', { number: linkTypes.linuxSll2, name: 'LINUX_SLL2', display: 'Linux cooked capture v2' })
}
