import path from 'node:path'
import { readPrivateFile, writePrivateFile } from '../host/private-file.ts'
import { findUserFolders } from '../host/user-folders.ts'
import type { ParsedArguments } from '../request/parse-arguments.ts'
import type { DialogLists } from './dialog.ts'

/**
 * Options whose recent choices are kept, by interface, latest first. Wireshark stores what was chosen in a dialog, but a list can only show its
 * entries. Recent choices must therefore be in the list, whatever the last listing found.
 */
const options = ['namespace', 'target', 'container', 'iface'] as const
const maxEntries = 5
const maxInterfaces = 100
const maxLength = 300
const maxFileBytes = 1024 * 1024

type Choices = Readonly<Record<string, DialogLists>>

export function readRecentChoices(environment: NodeJS.ProcessEnv = process.env): Choices {
  try {
    const kept = JSON.parse(readPrivateFile(choicesPath(environment), maxFileBytes) ?? '{}') as Record<string, unknown>
    return Object.fromEntries(Object.entries(kept).map(([value, lists]) => [value, readLists(lists)]))
  } catch {
    return {}
  }
}

/**
 * Records the choices of a capture of the interface. Returns its lists, or undefined if nothing new was chosen.
 * @throws {Error} the system's error
 */
export function noteChoices(
  value: string,
  parsed: ParsedArguments,
  environment: NodeJS.ProcessEnv = process.env,
): DialogLists | undefined {
  const kept = readRecentChoices(environment)
  const before = kept[value] ?? {}
  const after = mergeLists(
    Object.fromEntries(options.map((option) => [option, [parsed.text(option) ?? ''].filter(isChoice)])),
    before,
  )
  const lists = Object.fromEntries(Object.entries(after).map(([option, list]) => [option, list.slice(0, maxEntries)]))
  if (JSON.stringify(lists) === JSON.stringify(readLists(before))) return undefined
  const others = Object.entries(kept).filter(([other]) => other !== value)
  const newest = [[value, lists] as const, ...others].slice(0, maxInterfaces)
  writePrivateFile(choicesPath(environment), JSON.stringify(Object.fromEntries(newest)))
  return lists
}

/** Returns the entries of both, with those of `first` in front. */
export function mergeLists(first: DialogLists, second: DialogLists): DialogLists {
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])]
  return Object.fromEntries(
    names.map((name) => [name, [...new Set([...(first[name] ?? []), ...(second[name] ?? [])])]]),
  )
}

function readLists(lists: unknown): DialogLists {
  const entries = (lists ?? {}) as Record<string, unknown>
  return Object.fromEntries(
    options.map((option) => {
      const list = entries[option]
      return [option, Array.isArray(list) ? list.filter(isChoice).slice(0, maxEntries) : []]
    }),
  )
}

function isChoice(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text.length <= maxLength
}

function choicesPath(environment: NodeJS.ProcessEnv): string {
  return path.join(findUserFolders(environment).cache, 'choices')
}
