import { FilterDoubt, FilterError } from './filter-errors.ts'
import { findPassingPacket } from './filter-packets.ts'
import { parseFilterTokens } from './filter-parser.ts'
import { requireWholeExpression } from './filter-shape.ts'
import { readFilterTokens } from './filter-tokens.ts'

export type GrammarVerdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'unable' }

/** `hasNames`: whether something in it is, or may be, looked up where the filter is compiled. */
export type GrammarCheck = GrammarVerdict & { readonly hasNames: boolean }

/**
 * Reports whether libpcap takes a filter, as far as that can be known without it: its grammar is followed to the letter, while
 * names and rare terms are left open. libpcap also refuses a filter when its optimizer sees that no packet can pass, so a filter
 * is valid only with a packet at hand that passes. The interface `any` refuses terms that need an Ethernet header; without an
 * interface the verdict holds for `any` and for Ethernet. https://www.tcpdump.org/manpages/pcap-filter.7.html
 */
export function checkGrammar(expression: string, interfaceName?: string): GrammarCheck {
  let hasNames = true
  try {
    requireWholeExpression(expression)
    const tokens = readFilterTokens(expression)
    hasNames = tokens.some(({ kind }) => kind === 'name' || kind === 'doubt')
    if (tokens.length === 0) return { kind: 'valid', hasNames }
    const filter = parseFilterTokens(tokens, { isCooked: interfaceName === 'any' })
    hasNames = filter.hasNames
    const isValid = filter.test !== undefined && !hasNames && findPassingPacket(filter.test)
    return { kind: isValid ? 'valid' : 'unable', hasNames }
  } catch (error) {
    if (error instanceof FilterError) return { kind: 'invalid', message: error.message, hasNames }
    if (error instanceof FilterDoubt) return { kind: 'unable', hasNames }
    throw error
  }
}
