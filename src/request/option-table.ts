import { captureOptions } from './capture-options.ts'
import type { OptionRow } from './option-row.ts'
import { reportingOptions } from './reporting-options.ts'
import { sshOptions } from './ssh-options.ts'
import { targetOptions } from './target-options.ts'

/** All options, in the order of help and of the dialog. */
export const optionTable: readonly OptionRow[] = [
  ...targetOptions,
  ...captureOptions,
  ...sshOptions,
  ...reportingOptions,
]

export function findOption(name: string): OptionRow | undefined {
  return optionTable.find((row) => row.name === name)
}
