import { quoteArgv } from './quote.ts'

/** Remedy for an error: a sentence, or a line to paste. Lines are built from words, and only this file quotes them. */
export type Hint = string | HintLine

export interface HintLine {
  /** A program and its arguments. If the first word begins with a dash, they are options to add to the failed command. */
  readonly argv: readonly string[]
  /** Sentence in front of the line. */
  readonly note?: string
  /** File to append the output to. */
  readonly appendTo?: string
  /** Text for standard input: lines that end with a line break. */
  readonly input?: string
  /** Shell text that contains no outside words: redirections, further programs of a pipeline. */
  readonly tail?: string
  /** Line of a file; replaces everything else. */
  readonly fileLine?: string
}

/** Returns a line for a shell: `kubectl`, `kcap`, `ssh` or another program with its arguments. Options alone begin with a dash. */
export function line(...argv: readonly string[]): HintLine {
  return { argv }
}

/** Returns a line to put into the file that the preceding hint mentions. */
export function fileLine(text: string): HintLine {
  return { argv: [], fileLine: text }
}

/** Returns a file name as a word that no program takes for an option. */
export function fileWord(file: string): string {
  return file.startsWith('-') ? `./${file}` : file
}

export function noted(note: string, hint: HintLine): HintLine {
  return { ...hint, note }
}

/**
 * Returns a hint as text for the shell's user, or undefined if it cannot be written as text that is safe to paste. It has several lines only with
 * `input`. `scope` names the cluster of the failed command, for lines that would otherwise address another one.
 */
export function formatHint(hint: Hint, scope: HintScope = {}): string | undefined {
  const { programWords = ['kcap'] } = scope
  if (typeof hint === 'string') return nameProgram(hint, programWords)
  if (hint.fileLine !== undefined) return hint.fileLine
  const { note, appendTo, tail, input } = hint
  // Somebody else applies this: the failed login lacks the permission.
  const [program = '', ...words] = input === undefined ? addScope(hint.argv, scope) : hint.argv
  const argv = [...(program === 'kcap' ? programWords : [program]), ...words]
  // Command substitution drops line breaks at the end of its output.
  if ([...argv, appendTo ?? ''].some((word) => /[\n\0]$|\0/.test(word))) return undefined
  const redirection =
    appendTo === undefined ? '' : ` >> ${appendTo.startsWith('~/') ? appendTo : quoteVisibly([appendTo])}`
  const document = input === undefined ? '' : ` <<'END'\n${input}END`
  const text = `${quoteVisibly(argv)}${redirection}${tail === undefined ? '' : ` ${tail}`}${document}`
  return note === undefined ? text : `${note}: ${text}`
}

/** Replaces `kcap` at the start of each command in a text with the words that started kcap. */
export function nameProgram(text: string, programWords: readonly string[]): string {
  return text.replace(/(^|: |^ +)kcap (?!\d)/gm, `$1${programWords.join(' ')} `)
}

/** Returns the options that name a context to kubectl and kcap, whatever character the name begins with. */
export function contextWords(context: string): string[] {
  return context.startsWith('-') ? [`--context=${context}`] : ['--context', context]
}

/** Cluster of a command, for lines that must address the same one. */
export interface HintScope {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  /** Impersonation options of the command. kcap's own lines repeat them; granting a permission is up to somebody else. */
  readonly impersonation?: readonly string[]
  /** Words the user types to start kcap; default: `kcap`. */
  readonly programWords?: readonly string[]
}

/**
 * Adds the options that name the cluster. kubectl and kcap share them, but kubectl needs them before an exec's command, kcap after its command's
 * name.
 */
function addScope(argv: readonly string[], scope: HintScope): readonly string[] {
  const [program, ...words] = argv
  if (program !== 'kubectl' && program !== 'kcap') return argv
  const isNamed = (option: string) => words.some((word) => word === option || word.startsWith(`${option}=`))
  const isListOfContexts = words.join(' ') === 'list contexts'
  const more = (['kubeconfig', 'context'] as const).flatMap((name) => {
    const value = scope[name]
    // Listing the contexts needs no context.
    if (value === undefined || isNamed(`--${name}`) || (name === 'context' && isListOfContexts)) return []
    return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value]
  })
  if (program === 'kubectl') return [program, ...more, ...words]
  return [...argv, ...more, ...(isListOfContexts ? [] : (scope.impersonation ?? []))]
}

/** Returns the hint with its lines bound to a context, unless they name one. */
export function withContext(hint: Hint, context: string): Hint {
  return typeof hint === 'string' ? hint : { ...hint, argv: addScope(hint.argv, { context }) }
}

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/** Quotes words so that every character is visible. printf restores the characters a terminal would not show from octal escapes. */
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
