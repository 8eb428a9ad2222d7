import { printable } from '../base/printable.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { type Completion, completeWords } from './complete-words.ts'
import { knowWords } from './known-words.ts'
import { formatInsertion, type ShellLine, splitShellLine } from './shell-line.ts'

/**
 * What the scripts of `kcap completion` ask on each Tab: `bash LINE BREAKCHARACTERS`, or `zsh|fish WORD… CURRENT`. The answer's first
 * line is `files`, `folders` or `words`, then comes a word a line, in zsh and fish with a tab and what it means. The scripts take all
 * that as data: nothing of it is ever evaluated. Never fails: a shell would show that in the middle of a line.
 */
export async function complete([shell, ...argv]: readonly string[]): Promise<number> {
  try {
    if (shell === 'bash') {
      const line = splitShellLine(argv[0] ?? '', argv[1] ?? '')
      return await writeAnswer(formatAnswer(await completeWords(line.words.slice(1), line.current, knowWords), line))
    }
    return await writeAnswer(formatAnswer(await completeWords(argv.slice(0, -1), argv.at(-1) ?? '', knowWords)))
  } catch {
    return await writeAnswer('words\n')
  }
}

function formatAnswer(completion: Completion, line?: ShellLine): string {
  if (typeof completion === 'string') return `${completion}\n`
  const lines = completion
    // A name that could move a terminal's cursor is none that a person would complete.
    .filter(({ value }) => printable(value) === value)
    .map(({ value, about = '' }) => (line === undefined ? `${value}\t${about}` : formatInsertion(value, line)))
  return ['words', ...lines.filter((text) => text !== undefined)].map((text) => `${text}\n`).join('')
}
