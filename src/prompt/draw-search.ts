import { printable } from '../base/printable.ts'
import type { Taken } from './entry.ts'
import { type Entry, idOf, nameEntry, type TargetEntry } from './entry.ts'
import type { ScreenSize } from './screen.ts'

export interface SearchView {
  readonly context: string
  readonly namespace: string | undefined
  readonly search: string
  readonly note: string
  /** Entries that match the search. */
  readonly entries: readonly Entry[]
  /** Number of all entries, matching or not. */
  readonly count: number
  /** Index of the highlighted entry. */
  readonly index: number
  readonly marked: ReadonlyMap<string, TargetEntry>
  readonly isComplete: boolean
  /** Entries taken, once the question is closed. */
  readonly taken: Taken | undefined
}

const mostLines = 15
const kindWidth = 'container'.length

/** Draws the picker: the search, part of the list, the marked entries and the keys. */
export function drawSearch(view: SearchView, { columns, rows }: ScreenSize): string {
  const cut = (line: string) => [...printable(line)].slice(0, columns - 1).join('')
  const place = view.namespace === undefined ? 'all namespaces' : `namespace ${view.namespace}`
  const title = `? capture in context ${view.context}, ${place}`
  if (view.taken !== undefined) return printable(`${title}: ${nameTaken(view.taken)}`)
  // Leave room for two lines above the list, two below it, and the cursor.
  const height = Math.max(Math.min(mostLines, rows - 5), 1)
  const start = Math.max(Math.min(view.index - Math.floor(height / 2), view.entries.length - height), 0)
  const shown = view.entries.slice(start, start + height)
  const width = Math.max(...shown.map((entry) => printable(nameEntry(entry)).length), 0)
  const lines = shown.map((entry, i) => {
    const cursor = start + i === view.index ? '>' : ' '
    const mark = view.marked.has(idOf(entry)) ? '*' : ' '
    const name = printable(nameEntry(entry)).padEnd(width)
    return `${cursor}${mark} ${entry.kind.padEnd(kindWidth)}  ${name}  ${describeEntry(entry)}`.trimEnd()
  })
  const search = [...view.search].slice(-(columns - label.length - 2)).join('')
  return [title, `${label}${search}_`, ...lines, `  ${describeCount(view)}`, `  ${keys}`].map(cut).join('\n')
}

const label = '  search: '
const keys = 'Tab marks, Enter takes, Esc leaves'

function describeEntry(entry: Entry): string {
  return entry.kind === 'pod' && entry.state !== undefined ? entry.state : ''
}

function describeCount({ note, entries, count, marked, isComplete }: SearchView): string {
  if (note !== '') return note
  const found = count === 0 ? '' : entries.length === 0 ? 'nothing matches' : `${entries.length} of ${count}`
  const chosen = [...marked.values()].map(nameEntry).join(', ')
  return [found, isComplete ? '' : 'listing…', chosen && `marked: ${chosen}`].filter(Boolean).join('; ')
}

function nameTaken(taken: Taken): string {
  const name = (entry: Entry) => (entry.name === undefined ? nameEntry(entry) : `${entry.kind} ${nameEntry(entry)}`)
  return 'place' in taken ? name(taken.place) : taken.map(name).join(', ') || 'nothing'
}
