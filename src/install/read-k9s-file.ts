import { isMap, isScalar, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml'

/** Plugins of a plugins.yaml, and where others can be added. */
export interface K9sFile {
  readonly plugins: Readonly<Record<string, unknown>>
  /** Key `plugins`; undefined in a file without any content. */
  readonly key?: {
    /** Offset of the end of its line. */
    readonly lineEnd: number
    /** Offsets of its value if that is empty: ` {}`. */
    readonly emptyValue?: { readonly start: number; readonly end: number }
    /** Indentation of the plugins in it; undefined if there are none. */
    readonly indent?: string
  }
}

/**
 * Parses a plugins.yaml: https://k9scli.io/topics/plugins/. Returns why not, if it is anything else than plugins below the key `plugins`: k9s also
 * reads plugins without that key, but then from other files.
 */
export function readK9sFile(text: string): K9sFile | { readonly refusal: string } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [problem] = document.errors
  if (problem !== undefined) {
    const state = problem.message.split('\n')[0]?.replace(/ at line \d+.*$/, '')
    return { refusal: `line ${lines.linePos(problem.pos[0]).line}: ${state}` }
  }
  const { contents } = document as { contents: ParsedNode | null }
  if (contents === null || (isScalar(contents) && contents.value === null)) return { plugins: {} }
  if (!isMap(contents) || contents.flow === true) return { refusal: 'it is no list of keys and values' }
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'plugins')
  if (pair === undefined || contents.items.length > 1) return { refusal: 'it has other keys than "plugins"' }
  const value = pair.value as ParsedNode | null
  const keyEnd = (pair.key as ParsedNode).range[1]
  const lineEnd = keyEnd + (/^[^\r\n]*/.exec(text.slice(keyEnd))?.[0].length ?? 0)
  const isEmpty =
    value === null || (isScalar(value) && value.value === null) || (isMap(value) && value.items.length === 0)
  if (isEmpty) {
    const start = text.indexOf(':', keyEnd) + 1
    const written = text.slice(start, value?.range[1] ?? start)
    if (written.trim() === '') return { plugins: {}, key: { lineEnd } }
    if (!/^[ \t]*(?:\{[ \t]*\}|~|null)$/i.test(written)) return { refusal: 'its plugins are not one below the other' }
    return { plugins: {}, key: { lineEnd, emptyValue: { start, end: start + written.length } } }
  }
  if (!isMap(value) || value.flow === true) return { refusal: 'its plugins are not one below the other' }
  const plugins = document.toJS().plugins as Record<string, unknown>
  return { plugins, key: { lineEnd, indent: findIndent(text, value.items[0]?.key) } }
}

function findIndent(text: string, key: Node | undefined): string {
  const start = key?.range?.[0] ?? 0
  return text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
}
