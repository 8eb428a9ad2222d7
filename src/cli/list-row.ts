/** Row of a list: a text or several texts per cell, by their JSON key. */
export type ListRow = Readonly<Record<string, string | readonly string[]>>

export interface ListColumn {
  readonly key: string
  /** Title in a table. */
  readonly title: string
  /** Whether only `-o wide` shows the column. */
  readonly isWide?: boolean
}

export interface ListTable {
  readonly columns: readonly ListColumn[]
  readonly count: number
  /** Returns the rows. Each call builds them again, because storing them would double the memory of a large list. */
  rows(): Iterable<ListRow>
  /** Returns a row's text for `-o name`: a target if kcap can capture it. */
  readonly nameOf: (row: ListRow) => string
  /** Notice for an empty list; undefined for none. */
  readonly noneText?: string | undefined
}

/** Returns the key for a column title of the API server's: `Nominated Node` becomes `nominatedNode`, `Port(s)` becomes `ports`. */
export function makeKey(title: string): string {
  const [first = '', ...others] = title
    .replace(/[()]/g, '')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase())
  return first + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
