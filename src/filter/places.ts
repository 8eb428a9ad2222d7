import type { ArithmeticNode, FilterNode, Qualifiers } from './syntax.ts'
import type { Token } from './tokens.ts'

/** What may appear at a position. A number may appear everywhere, even in parentheses. */
export interface Place {
  readonly term: boolean
  readonly arithmetic: boolean
  readonly id: boolean
  /** Whether ids in parentheses may appear: `(80 or 443)`. */
  readonly group: boolean
}
export const places = {
  first: { term: true, arithmetic: true, id: false, group: false },
  operand: { term: true, arithmetic: true, id: true, group: true },
  id: { term: false, arithmetic: false, id: true, group: true },
  arithmetic: { term: false, arithmetic: true, id: false, group: false },
  number: { term: false, arithmetic: false, id: false, group: false },
} satisfies Record<string, Place>

export interface FilterItem {
  readonly kind: 'term' | 'id'
  readonly node: FilterNode
  /** Qualifiers that a following id without any inherits. */
  readonly qualifiers: Qualifiers | undefined
}
/** Parsed item. Only what follows shows whether a number is an id or an operand. */
export type Item =
  | FilterItem
  | { readonly kind: 'number'; readonly token: Token; readonly value: ArithmeticNode }
  | { readonly kind: 'arithmetic'; readonly value: ArithmeticNode }
