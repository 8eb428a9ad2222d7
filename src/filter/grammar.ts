import { FilterDoubt, FilterError } from './errors.ts'
import { findPassingPacket } from './packets.ts'
import { parseFilterTokens } from './parser.ts'
import { requireWholeExpression } from './shape.ts'
import { readFilterTokens } from './tokens.ts'

export type GrammarVerdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'unable' }

/** Verdict on a filter. `hasNames` says whether it contains, or may contain, names that are looked up where it is compiled. */
export type GrammarCheck = GrammarVerdict & { readonly hasNames: boolean }

/**
 * Returns whether libpcap accepts a filter, as far as that is knowable without libpcap. Follows its grammar exactly, but leaves names and rare terms
 * open. libpcap also refuses a filter if its optimizer sees that no packet can pass. A filter therefore counts as valid only if a packet that passes
 * was found. The interface `any` refuses terms that need an Ethernet header; without an interface, the verdict holds for both `any` and Ethernet.
 * https://www.tcpdump.org/manpages/pcap-filter.7.html
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
