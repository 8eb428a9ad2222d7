/** A row of a list: texts, or several in one cell, by the key that they have in JSON. */
export type ListRow = Readonly<Record<string, string | readonly string[]>>

export interface ListColumn {
  readonly key: string
  /** As a table shows it. */
  readonly title: string
  /** Only `-o wide` shows it. */
  readonly isWide?: boolean
}

export interface Listing {
  readonly columns: readonly ListColumn[]
  readonly count: number
  /** Returns the rows. Each call makes them again, because keeping them doubles the memory of a large list. */
  rows(): Iterable<ListRow>
  /** Returns the text of a row for `-o name`: a target, where kcap can capture it. */
  readonly nameOf: (row: ListRow) => string
  /** Notice for an empty list; undefined for none. */
  readonly noneText?: string | undefined
}

/** Returns the key of a column of the API server's: `Nominated Node` is `nominatedNode`, `Port(s)` is `ports`. */
export function makeKey(title: string): string {
  const [first = '', ...others] = title
    .replace(/[()]/g, '')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase())
  return first + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
