import type { PressedKey, Question } from './ask-person.ts'
import { drawSearch } from './draw-search.ts'
import { editText, isEnter } from './edit-text.ts'
import { type Entry, idOf, isPlace, makeMatch, nameEntry, type Taken, type TargetEntry } from './entry.ts'
import { refuseTogether } from './join-entries.ts'

export interface SearchOptions {
  readonly context: string
  /** Returns the namespace shown; undefined means all. */
  readonly namespace: () => string | undefined
  readonly entries: () => readonly Entry[]
  /** Returns whether all entries are loaded. */
  readonly isComplete: () => boolean
}

/** Returns a question that lets a person search a list, which may still grow, and take one or more of its entries. */
export function makeSearchQuestion({ context, namespace, entries, isComplete }: SearchOptions): Question<Taken> {
  let search = ''
  /** Id of the highlighted entry; undefined means the first match. */
  let highlighted: string | undefined
  const marked = new Map<string, TargetEntry>()
  let note = ''
  /** Whether the last key moved through the list. Space then marks an entry; otherwise it belongs to the search. */
  let isMoving = true
  let taken: Taken | undefined

  let known: { readonly of: readonly Entry[]; readonly search: string; readonly found: readonly Entry[] } | undefined
  const match = (): readonly Entry[] => {
    const all = entries()
    if (known?.of === all && known.search === search) return known.found
    const found = search === '' ? all : all.filter(makeMatch(search))
    known = { of: all, search, found }
    return found
  }
  const findIndex = (found: readonly Entry[]) =>
    Math.max(
      found.findIndex((entry) => idOf(entry) === highlighted),
      0,
    )
  const highlight = (entry: Entry | undefined) => {
    highlighted = entry && idOf(entry)
  }
  const moves: Readonly<Record<string, (index: number, count: number) => number>> = {
    up: (index, count) => (index + count - 1) % count,
    down: (index, count) => (index + 1) % count,
    pageup: (index) => Math.max(index - 10, 0),
    pagedown: (index, count) => Math.min(index + 10, count - 1),
  }
  const refuse = (entry: TargetEntry): string | undefined =>
    entry.kind === 'pod' && entry.state !== undefined
      ? `${nameEntry(entry)} cannot be captured: ${entry.state}`
      : refuseTogether([...marked.values()], entry)

  function mark(entry: Entry | undefined): void {
    if (entry === undefined) return
    if (isPlace(entry)) {
      note = `Enter opens the ${entry.kind}`
      return
    }
    const id = idOf(entry)
    if (marked.delete(id)) return
    note = refuse(entry) ?? ''
    if (note === '') marked.set(id, entry)
  }

  function take(entry: Entry | undefined): Taken | undefined {
    if (marked.size > 0) return [...marked.values()]
    if (entry === undefined && !isComplete()) note = 'still listing'
    if (entry === undefined) return isComplete() ? [] : undefined
    if (isPlace(entry)) return { place: entry }
    note = refuse(entry) ?? ''
    return note === '' ? [entry] : undefined
  }

  function press(key: PressedKey): { readonly answer: Taken } | undefined {
    note = ''
    const found = match()
    const entry = found[findIndex(found)]
    // It stays highlighted when more entries arrive.
    highlight(entry)
    if (isEnter(key)) {
      taken = take(entry)
      return taken && { answer: taken }
    }
    const move = moves[key.name ?? '']
    if (move !== undefined) {
      highlight(found[move(findIndex(found), found.length)])
      isMoving = true
    } else if (key.name === 'tab' || (key.name === 'space' && isMoving)) mark(entry)
    else {
      const before = search
      search = editText(search, key).trimStart()
      if (search === before) return undefined
      highlight(match()[0])
      isMoving = search === ''
    }
    return undefined
  }

  return {
    press,
    draw(isOpen, size) {
      const found = match()
      return drawSearch(
        {
          context,
          namespace: namespace(),
          search,
          note,
          entries: found,
          count: entries().length,
          index: findIndex(found),
          marked,
          isComplete: isComplete(),
          taken: isOpen ? undefined : (taken ?? []),
        },
        size,
      )
    },
  }
}
