import { readFileSync } from 'node:fs'
import path from 'node:path'
import { exitCodes } from '../base/error-codes.ts'
import { KcapError } from '../base/kcap-error.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { findOwnPaths } from '../install/format-launcher.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { commandTable } from './command-table.ts'

/** `kcap completion bash|zsh|fish`: the script lies beside the program. */
export async function completion(argv: readonly string[]): Promise<number> {
  const [shell = ''] = parseArguments(argv).words
  const shells: readonly string[] = commandTable.completion.words
  if (!shells.includes(shell))
    throw new KcapError('usage', `cannot print a completion script for "${shell}": it is one of ${shells.join(', ')}`, {
      hints: ['kcap completion --help', 'a pod of that name: kcap pod/completion'],
    })
  const file = path.join(path.dirname(findOwnPaths().script), 'completion', `kcap.${shell}`)
  await writeAnswer(readFileSync(file, 'utf8'))
  return exitCodes.done
}
