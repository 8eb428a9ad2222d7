import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * A place in a stack trace: `/usr/lib/kcap/program.cjs:12:3456`, or the same as a file URL. It begins a word. Tried at each character, the pattern
 * would take seconds for a long message.
 */
const place = /(?<=^|[\s(])((?:file:\/\/)?[^\s()]+\.c?js):(\d+):(\d+)/g

/**
 * Returns a stack trace whose places in the built program are those of the source: `src/cli/run-cli.ts:30:5`. Reads the source maps that the build
 * writes next to its files, only when it is called. A place without a map is kept. https://tc39.es/ecma426/
 */
export function mapStack(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>()
  return stack.replace(place, (original: string, file: string, line: string, column: string) => {
    const name = file.startsWith('file://') ? fileURLToPath(file) : file
    if (!maps.has(name)) maps.set(name, readMap(name))
    const entry = maps.get(name)?.findEntry(Number(line) - 1, Number(column) - 1)
    if (entry === undefined || !('originalSource' in entry)) return original
    return `${toProjectPath(entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  })
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
  } catch {
    return undefined
  }
}

/** Returns `src/main.ts` for `../src/main.ts`, as a map below `dist` has it. */
function toProjectPath(source: string): string {
  return path.posix.normalize(source).replace(/^(\.\.\/)+/, '')
}
