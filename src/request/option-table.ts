import { captureOptions } from './capture-options.ts'
import type { OptionRow } from './option-row.ts'
import { reportingOptions } from './reporting-options.ts'
import { routeOptions } from './route-options.ts'
import { shareOptions } from './share-options.ts'
import { sshOptions } from './ssh-options.ts'
import { storeOptions } from './store-options.ts'
import { targetOptions } from './target-options.ts'

const rows = [
  ...targetOptions,
  ...routeOptions,
  ...captureOptions,
  ...storeOptions,
  ...shareOptions,
  ...sshOptions,
  ...reportingOptions,
] as const

type TypedRow = (typeof rows)[number]
export type OptionName = TypedRow['name']
/** Values of the options that have a few, by their names. */
type Choices = {
  readonly [Row in Extract<TypedRow, { readonly choices: readonly string[] }> as Row['name']]: Row['choices'][number]
}
export type ChoiceOption = keyof Choices
export type ChoiceOf<Name extends ChoiceOption> = Choices[Name]

/** A row of the table, as those who go through all of it see it. */
export type KnownOption = OptionRow & { readonly name: OptionName }

/** All options, in the order of help and of the dialog. */
export const optionTable: readonly KnownOption[] = rows

export function findOption(name: string): KnownOption | undefined {
  return optionTable.find((row) => row.name === name)
}

/** Returns whether the text is a value of the option. */
export function isChoice<Name extends ChoiceOption>(name: Name, text: string | undefined): text is ChoiceOf<Name> {
  return text !== undefined && findOption(name)?.choices?.includes(text) === true
}
