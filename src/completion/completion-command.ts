import { readFileSync } from 'node:fs'
import path from 'node:path'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { findOwnPaths } from '../install/format-launcher.ts'
import { commandTable } from '../request/command-table.ts'
import { parseArguments } from '../request/parse-arguments.ts'
import { refuseSurplusWords } from '../request/surplus-words.ts'

/**
 * Runs `kcap completion bash|zsh|fish`; the script is next to the program.
 * @throws {KcapError} usage — when no known shell is named
 */
export async function completion(argv: readonly string[]): Promise<number> {
  const { words } = parseArguments(argv)
  const [shell] = words
  refuseSurplusWords('completion', words, 1)
  const shells: readonly string[] = commandTable.completion.words
  if (shell === undefined)
    throw new KcapError('usage', 'cannot print a completion script: no shell is named', {
      hints: [...shells.map((name) => line('kcap', 'completion', name)), 'a pod of that name: kcap pod/completion'],
    })
  if (!shells.includes(shell))
    throw new KcapError(
      'usage',
      `cannot print a completion script for "${shell}": must be one of: ${shells.join(', ')}`,
      {
        hints: ['kcap completion --help', 'a pod of that name: kcap pod/completion'],
      },
    )
  const file = path.join(path.dirname(findOwnPaths().script), 'completion', `kcap.${shell}`)
  return await writeAnswer(readFileSync(file, 'utf8'))
}
