/** A text for people in a file. Spaces and line ends within it are single spaces. */
export interface FoundText {
  readonly line: number
  readonly kind: 'comment' | 'doc comment' | 'string' | 'test name' | 'prose'
  readonly text: string
}

const token =
  /\/\*(?<block>[\s\S]*?)\*\/|\/\/(?<rest>[^\n]*)|'(?<single>(?:\\.|[^'\\\n])*)'|"(?<double>(?:\\.|[^"\\\n])*)"|`(?<template>(?:\\[\s\S]|[^`\\])*)`|(?<=[(,=:[!&|?{};\n>]\s*|\breturn )\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g

/** Returns the comments and string texts of TypeScript or JavaScript. */
export function findSourceTexts(source: string): FoundText[] {
  const found: FoundText[] = []
  for (const match of source.matchAll(token)) {
    const { block, rest, single, double, template } = match.groups ?? {}
    const line = lineAt(source, match.index)
    if (block !== undefined) {
      const kind = block.startsWith('*') ? 'doc comment' : 'comment'
      found.push({ line, kind, text: join(block.replace(/^\*/, '').replaceAll(/\n\s*\*/g, '\n')) })
    } else if (rest !== undefined) found.push({ line, kind: 'comment', text: join(rest) })
    else {
      const text = single ?? double ?? template
      if (text !== undefined) found.push({ line, kind: 'string', text: join(text.replaceAll(/\$\{[^}]*\}/g, '…')) })
    }
  }
  return joinLineComments(found)
}

const quoted = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\`(?:\\[\s\S]|[^\`\\])*\``
/** Arguments in parentheses, with parentheses nested up to five deep. */
const args = Array.from({ length: 5 }).reduce<string>(
  (inner) => String.raw`\((?:${quoted}|[^()'"\`]|${inner})*\)`,
  String.raw`\(\)`,
)
const testCall = new RegExp(
  String.raw`(?:^|\s)(?:describe|test|it|\w+Test)(?:\.(?:only|skip|concurrent)|\.(?:each|skipIf|runIf)(?:<[^()]*>)?${args})*\(\s*(?<name>${quoted})`,
  'g',
)

/** Returns the names of the tests and groups of a test file: the first argument of `test`, `describe`, `realTest` and their `.each`. */
export function findTestNames(source: string): FoundText[] {
  return [...source.matchAll(testCall)].map((match) => {
    const name = match.groups?.name ?? ''
    const line = lineAt(source, match.index + match[0].length - name.length)
    return { line, kind: 'test name', text: join(name.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, '…')) }
  })
}

/** Returns the lines of a document, or the comments of a shell script, as prose. */
export function findProse(source: string, isScript = false): FoundText[] {
  return source.split('\n').flatMap((content, index) => {
    const text = isScript ? /(?:^|\s)#(?!!)(.*)$/.exec(content)?.[1] : content
    return text === undefined ? [] : [{ line: index + 1, kind: 'prose' as const, text: join(text) }]
  })
}

/** Splits the name of a file or an export into its words: `goAround` into `go around`. */
export function splitName(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_./]+/g, ' ')
    .toLowerCase()
}

/** Line comments on consecutive lines are one text: a phrase may be split between them. */
function joinLineComments(texts: readonly FoundText[]): FoundText[] {
  const joined: FoundText[] = []
  let lastLine = 0
  for (const text of texts) {
    const last = joined.at(-1)
    if (last?.kind === 'comment' && text.kind === 'comment' && text.line === lastLine + 1) {
      joined[joined.length - 1] = { ...last, text: `${last.text} ${text.text}` }
    } else joined.push(text)
    lastLine = text.line
  }
  return joined
}

function join(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length
}
