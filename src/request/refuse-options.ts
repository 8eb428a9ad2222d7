import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { Command } from './command-table.ts'
import { findCommand } from './command-table.ts'
import { type OptionName, optionTable } from './option-table.ts'
import { parseArguments } from './parse-arguments.ts'

/**
 * Refuses options of a capture that a command ignores. Variables may set them: those apply to captures.
 * @throws {KcapError} usage — when the command line has one
 */
export function refuseOptions(command: Command, argv: readonly string[], allowed: readonly OptionName[]): void {
  const parsed = parseArguments(argv, { more: findCommand(command).options ?? [], environment: {} })
  const surplus = optionTable.find(
    ({ name, kind }) => !allowed.includes(name) && (kind === 'flag' ? parsed.flag(name) : parsed.list(name).length > 0),
  )
  if (surplus === undefined) return
  throw new KcapError('usage', `cannot run "kcap ${command}" with --${surplus.name}: it takes no such option`, {
    hints: [line('kcap', command, '--help')],
  })
}
