import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { Command } from './command-table.ts'

/**
 * Refuses more words than a command takes.
 * @throws {KcapError} usage — when there are more
 */
export function refuseSurplusWords(command: Command, words: readonly string[], most: number): void {
  const surplus = words[most]
  if (surplus === undefined) return
  throw new KcapError('usage', `cannot run "kcap ${command}" with "${surplus}": it takes no such word`, {
    hints: [line('kcap', command, '--help')],
  })
}
