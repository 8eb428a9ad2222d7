import { isDeepStrictEqual } from 'node:util'
import type { LauncherPaths } from './format-launcher.ts'
import { formatPlugins, pluginNames, shortcuts } from './k9s-plugins.ts'
import { type K9sFile, readK9sFile } from './read-k9s-file.ts'

/** Result of an edit: the new text, or why the file must stay as it is. */
export type K9sEdit = { readonly text: string } | { readonly refusal: string }

/** First and last line of kcap's part of the file, without their indentation. The first one may name the value that the part replaces. */
const beginMark = "# kcap begin, written by 'kcap install --k9s'"
const endMark = '# kcap end'
const partPattern =
  /^(?<indent> *)# kcap begin[^\r\n]*?(?: \(instead of(?<value>[^)\r\n]*)\))?\r?\n(?:[^\n]*\n)*?\k<indent># kcap end[^\r\n]*/m
const defaultIndent = '  '

/**
 * Adds kcap's plugins to the text of a plugins.yaml, in place of an older form of them. Lines are inserted, so everything else stays byte for byte. A
 * YAML parser must read the same other plugins before and after.
 */
export function addK9sPlugins(original: string, paths: LauncherPaths): K9sEdit & { readonly shortcut?: string } {
  const removed = removeK9sPlugins(original)
  if ('refusal' in removed) return removed
  const { text } = removed
  const file = readK9sFile(text)
  if ('refusal' in file) return file
  const taken = pluginNames.find((name) => name in file.plugins)
  if (taken !== undefined) return { refusal: `it has a plugin "${taken}" that kcap did not write` }
  const used = new Set(Object.values(file.plugins).map(readShortcut))
  const shortcut = shortcuts.find((one) => !used.has(one.toLowerCase()))
  if (shortcut === undefined) return { refusal: `other plugins use all of ${shortcuts.join(', ')}` }
  const edited = insertLines(text, file, formatPlugins(paths, shortcut))
  const after = readK9sFile(edited)
  const isSound = !('refusal' in after) && pluginNames.every((name) => name in after.plugins)
  return isSound && isDeepStrictEqual(listOthers(after), file.plugins)
    ? { text: edited, shortcut }
    : { refusal: 'kcap does not understand its layout' }
}

/** Removes kcap's plugins from the text of a plugins.yaml, and nothing else. */
export function removeK9sPlugins(text: string): K9sEdit {
  const part = partPattern.exec(text)
  if (part === null) return text.includes('# kcap begin') ? { refusal: `it has no line "${endMark}"` } : { text }
  const file = readK9sFile(text)
  if ('refusal' in file) return file
  const before = text.slice(0, part.index)
  const after = text.slice(part.index + part[0].length)
  // The part begins with the end of the line before it, unless it is the first line.
  const start = before.replace(/\r?\n$/, '')
  const join = (between: string) =>
    start + (before === '' && between === '' ? after.replace(/^\r?\n/, '') : between + after)
  const { value = '' } = part.groups ?? {}
  const ownKey = before === start ? 'plugins:' : `${findLineEnd(text)}plugins:`
  // Somebody may have added plugins of their own: then the value that was there before is wrong, and kcap's line `plugins:` is theirs too.
  const results = [
    start.replace(/(plugins['"]?[ \t]*:)([^\r\n]*)$/, (_line, key, rest) => `${key}${value}${rest}`) +
      join('').slice(start.length),
  ]
  results.push(join(''), join(ownKey))
  const others = listOthers(file)
  const sound = results.find((result) => {
    const read = readK9sFile(result)
    return !('refusal' in read) && isDeepStrictEqual(read.plugins, others)
  })
  return sound === undefined
    ? { refusal: `there are other plugins between "# kcap begin" and "${endMark}"` }
    : { text: sound }
}

function insertLines(text: string, { key }: K9sFile, plugins: readonly string[]): string {
  const lineEnd = findLineEnd(text)
  if (key === undefined) {
    const lines = [beginMark, 'plugins:', ...plugins.map((line) => defaultIndent + line), endMark].join(lineEnd)
    if (text === '') return lines + lineEnd
    const content = text.replace(/\r?\n$/, '')
    return content + lineEnd + lines + text.slice(content.length)
  }
  const { start, end } = key.emptyValue ?? { start: key.lineEnd, end: key.lineEnd }
  const value = text.slice(start, end)
  const mark = value === '' ? beginMark : `${beginMark} (instead of${value})`
  const lines = [mark, ...plugins, endMark].map((line) => (key.indent ?? defaultIndent) + line)
  return [
    text.slice(0, start),
    text.slice(end, key.lineEnd),
    lineEnd,
    lines.join(lineEnd),
    text.slice(key.lineEnd),
  ].join('')
}

function listOthers({ plugins }: K9sFile): Record<string, unknown> {
  return Object.fromEntries(Object.entries(plugins).filter(([name]) => !pluginNames.includes(name)))
}

function readShortcut(plugin: unknown): string {
  return String((plugin as { shortCut?: unknown } | null)?.shortCut).toLowerCase()
}

function findLineEnd(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}
