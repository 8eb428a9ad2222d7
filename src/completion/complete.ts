import { printable } from '../base/printable.ts'
import { writeAnswer } from '../host/write-answer.ts'
import { type Completion, completeWords } from './complete-words.ts'
import { readKnownWords } from './known-words.ts'
import { formatInsertion, type ShellLine, splitShellLine } from './shell-line.ts'

/**
 * Answers the scripts of `kcap completion` on each Tab: `bash LINE BREAKCHARACTERS`, or `zsh|fish|kubectl WORD… CURRENT`. The first line of the
 * answer is `files`, `folders` or `words`. One word per line follows; for zsh and fish, each has a tab and a description. The scripts treat all of it
 * as data and never evaluate it. Never fails, because a shell would print the error in the middle of a line.
 */
export async function complete([shell, ...argv]: readonly string[]): Promise<number> {
  try {
    if (shell === 'bash') {
      const line = splitShellLine(argv[0] ?? '', argv[1] ?? '')
      return await writeAnswer(
        formatAnswer(await completeWords(line.words.slice(1), line.current, readKnownWords), line),
      )
    }
    const current = argv.at(-1) ?? ''
    const completion = await completeWords(argv.slice(0, -1), current, readKnownWords)
    return await writeAnswer(shell === 'kubectl' ? formatForKubectl(completion, current) : formatAnswer(completion))
  } catch {
    return await writeAnswer(shell === 'kubectl' ? formatForKubectl([], '') : 'words\n')
  }
}

/** Bits of cobra's ShellCompDirective, by which kubectl reads the completions of its plugins (cobra, completions.go). */
const [noSpace, noFiles, foldersOnly] = [2, 4, 16]

function formatForKubectl(completion: Completion, current: string): string {
  if (typeof completion === 'string') return `:${completion === 'files' ? 0 : foldersOnly}\n`
  const offers = completion.filter(({ value }) => value.startsWith(current) && printable(value) === value)
  const goesOn = offers.length > 0 && offers.every(({ value }) => value.endsWith('/'))
  const lines = offers.map(({ value, about }) => (about === undefined ? value : `${value}\t${about}`))
  return `${[...lines, `:${noFiles + (goesOn ? noSpace : 0)}`].join('\n')}\n`
}

function formatAnswer(completion: Completion, line?: ShellLine): string {
  if (typeof completion === 'string') return `${completion}\n`
  const lines = completion
    // Nobody would complete a name that can move a terminal's cursor.
    .filter(({ value }) => printable(value) === value)
    .map(({ value, about = '' }) => (line === undefined ? `${value}\t${about}` : formatInsertion(value, line)))
  return ['words', ...lines.filter((text) => text !== undefined)].map((text) => `${text}\n`).join('')
}
