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
  /** Text for its standard input: lines that end with a line break. */
  readonly input?: string
  /** Shell text without any word from elsewhere: redirections, further programs of a pipe. */
  readonly tail?: string
  /** A line of a file, in place of all else. */
  readonly fileLine?: string
}

/** A line for a shell: `kubectl`, `kcap`, `ssh` or another program with its words; options alone begin with a dash. */
export function line(...argv: readonly string[]): HintLine {
  return { argv }
}

/** A line to put into a file that the hint before it names. */
export function fileLine(text: string): HintLine {
  return { argv: [], fileLine: text }
}

/** A file as a word that no program takes for an option. */
export function fileWord(file: string): string {
  return file.startsWith('-') ? `./${file}` : file
}

export function noted(note: string, hint: HintLine): HintLine {
  return { ...hint, note }
}

/**
 * A hint as the shell's user reads it; of several lines only with `input`; undefined when it can't be held like that. `scope` names the cluster of the failed command, for lines that
 * would otherwise ask another one.
 */
export function formatHint(hint: Hint, scope: HintScope = {}): string | undefined {
  const { programWords = ['kcap'] } = scope
  if (typeof hint === 'string') return nameProgram(hint, programWords)
  if (hint.fileLine !== undefined) return hint.fileLine
  const { note, appendTo, tail, input } = hint
  // What somebody else is to apply is not applied by the login that lacks the right.
  const [program = '', ...words] = input === undefined ? addScope(hint.argv, scope) : hint.argv
  const argv = [...(program === 'kcap' ? programWords : [program]), ...words]
  // A command substitution drops line breaks at the end of its output.
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

/** Names a context to kubectl and kcap, whatever its name begins with. */
export function contextWords(context: string): string[] {
  return context.startsWith('-') ? [`--context=${context}`] : ['--context', context]
}

/** The cluster of a command, for lines that are to ask the same one. */
export interface HintScope {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  /** Options by which it acts as another user: kcap's lines do so, too, but a right is granted by somebody else. */
  readonly impersonation?: readonly string[]
  /** Words by which the user's shell starts kcap; default: `kcap`. */
  readonly programWords?: readonly string[]
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
  if (program === 'kubectl') return [program, ...more, ...words]
  return [...argv, ...more, ...(isListOfContexts ? [] : (scope.impersonation ?? []))]
}

/** Returns the hint with its lines in a context, unless they name one. */
export function withContext(hint: Hint, context: string): Hint {
  return typeof hint === 'string' ? hint : { ...hint, argv: addScope(hint.argv, { context }) }
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
