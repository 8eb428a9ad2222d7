import { contextWords } from '../base/hint.ts'
import type { ClusterScope } from '../base/target.ts'

/** Person's choice as words of a command line. */
export interface Choice {
  /** Targets: `shop/orders-6c9f`, `svc/orders`. */
  readonly words: readonly string[]
  /** Values of options. */
  readonly options: Readonly<Partial<Record<'context' | 'namespace' | 'container', string>>>
}

/** Returns the arguments of a command line with the choice added. */
export function applyChoice<Arguments extends { text(name: string): string | undefined }>(
  parsed: Arguments,
  { words, options }: Choice,
): Arguments & Pick<Choice, 'words'> {
  const values: Readonly<Record<string, string | undefined>> = options
  return { ...parsed, words, text: (name) => values[name] ?? parsed.text(name) }
}

/** Returns the command line with the choice added, as a person would have typed it. */
export function addChoice(argv: readonly string[], { words, options }: Choice, typed: ClusterScope): string[] {
  const { context, namespace, container } = options
  const added = [
    ...(context === undefined ? [] : contextWords(context)),
    ...(namespace === undefined ? [] : ['-n', namespace]),
    ...(container === undefined ? [] : ['-c', container]),
  ]
  const rest = argv.filter((word) => word !== '--')
  // The last occurrence of an option counts.
  const overrides = [context && typed.context, namespace && typed.namespace, container && typed.container].some(Boolean)
  return overrides ? [...words, ...rest, ...added] : [...words, ...added, ...rest]
}
