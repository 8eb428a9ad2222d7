import type { Arithmetic } from './filter-arithmetic.ts'
import type { Qualifiers } from './filter-ids.ts'
import type { PacketTest } from './filter-packets.ts'
import type { Token } from './filter-tokens.ts'

/** What may stand somewhere. A number may everywhere, in parentheses too. */
export interface Place {
  readonly term: boolean
  readonly arithmetic: boolean
  readonly id: boolean
  /** Ids in parentheses: `(80 or 443)`. */
  readonly group: boolean
}
export const places = {
  first: { term: true, arithmetic: true, id: false, group: false },
  operand: { term: true, arithmetic: true, id: true, group: true },
  id: { term: false, arithmetic: false, id: true, group: true },
  arithmetic: { term: false, arithmetic: true, id: false, group: false },
  number: { term: false, arithmetic: false, id: false, group: false },
} satisfies Record<string, Place>

export interface TestItem {
  readonly kind: 'term' | 'id'
  readonly test: PacketTest
  /** What a following id without qualifiers takes over. */
  readonly qualifiers: Qualifiers | undefined
}
/** What was read; whether a number is an id or an operand shows only by what follows. */
export type Item =
  | TestItem
  | { readonly kind: 'number'; readonly token: Token; readonly arithmetic: Arithmetic }
  | { readonly kind: 'arithmetic'; readonly arithmetic: Arithmetic }

export function makeValue(arithmetic: Arithmetic): Item {
  return { kind: 'arithmetic', arithmetic }
}
