import { optionTable } from './option-table.ts'
import type { ParsedArguments } from './parse-arguments.ts'

const targetNames = optionTable.filter(({ namesTarget }) => namesTarget === true).map(({ name }) => name)

/** Returns the first option of a command line that names a target; undefined if none does. */
export function findTargetOption(parsed: Pick<ParsedArguments, 'text'>): string | undefined {
  return targetNames.find((name) => parsed.text(name) !== undefined)
}

/** Returns whether a command line names something to capture. */
export function namesTarget(parsed: Pick<ParsedArguments, 'text' | 'words'>): boolean {
  return parsed.words.length > 0 || findTargetOption(parsed) !== undefined
}
