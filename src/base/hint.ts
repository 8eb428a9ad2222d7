import { quoteArgv } from './quote.ts'

/** Remedy after an error: a sentence, or a line to paste. Lines are built from their words, which only this file quotes. */
export type Hint = string | HintLine

export interface HintLine {
  /** A program and its words, or, where the first begins with a dash, words to add to the command that failed. */
  readonly argv: readonly string[]
  /** A sentence before the line. */
  readonly note?: string
  /** The file at whose end the output is added. */
  readonly appendTo?: string
  /** Shell text without any word from elsewhere: redirections, further programs of a pipe. */
  readonly tail?: string
}

/** A line for a shell: `kubectl`, `kcap`, `ssh` or another program with its words; options alone begin with a dash. */
export function line(...argv: readonly string[]): HintLine {
  return { argv }
}

/** A file as a word that no program takes for an option. */
export function fileWord(file: string): string {
  return file.startsWith('-') ? `./${file}` : file
}

export function noted(note: string, hint: HintLine): HintLine {
  return { ...hint, note }
}

/**
 * A hint as the shell's user reads it; undefined when no single line can hold it. `scope` names the cluster of the failed command, for lines that
 * would otherwise ask another one.
 */
export function formatHint(hint: Hint, scope: HintScope = {}): string | undefined {
  if (typeof hint === 'string') return hint
  const { note, appendTo, tail } = hint
  const argv = addScope(hint.argv, scope)
  // A command substitution drops line breaks at the end of its output.
  if ([...argv, appendTo ?? ''].some((word) => /[\n\0]$|\0/.test(word))) return undefined
  const redirection =
    appendTo === undefined ? '' : ` >> ${appendTo.startsWith('~/') ? appendTo : quoteVisibly([appendTo])}`
  const text = `${quoteVisibly(argv)}${redirection}${tail === undefined ? '' : ` ${tail}`}`
  return note === undefined ? text : `${note}: ${text}`
}

/** Names a context to kubectl and kcap, whatever its name begins with. */
export function contextWords(context: string): string[] {
  return context.startsWith('-') ? [`--context=${context}`] : ['--context', context]
}

/** The cluster of a command, for lines that are to ask the same one. */
export interface HintScope {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
}

/** kubectl and kcap take the same options for that: kubectl before the words of an exec, kcap after the name of its command. */
function addScope(argv: readonly string[], scope: HintScope): readonly string[] {
  const [program, ...words] = argv
  if (program !== 'kubectl' && program !== 'kcap') return argv
  const isNamed = (option: string) => words.some((word) => word === option || word.startsWith(`${option}=`))
  const isListOfContexts = words.join(' ') === 'list contexts'
  const more = (['kubeconfig', 'context'] as const).flatMap((name) => {
    const value = scope[name]
    // Which contexts there are is asked of no context.
    if (value === undefined || isNamed(`--${name}`) || (name === 'context' && isListOfContexts)) return []
    return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value]
  })
  return program === 'kubectl' ? [program, ...more, ...words] : [...argv, ...more]
}

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/** Words for a shell of which a person sees every character: what a terminal does not show is made by printf from its octal escapes. */
function quoteVisibly(argv: readonly string[]): string {
  return argv.map((word) => (invisible.test(word) ? `"$(printf %b '${toOctal(word)}')"` : quoteArgv([word]))).join(' ')
}

function toOctal(word: string): string {
  return [...Buffer.from(word)]
    .map((byte) =>
      /[A-Za-z0-9 _./:@]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `\\0${byte.toString(8).padStart(3, '0')}`,
    )
    .join('')
}
