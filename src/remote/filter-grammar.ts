import { findPassingPacket } from './filter-packets.ts'
import { parseFilterTokens } from './filter-parser.ts'
import { FilterDoubt, FilterError, readFilterTokens } from './filter-tokens.ts'

export type GrammarVerdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'unable' }

/** `hasNames`: whether something in it is, or may be, looked up where the filter is compiled. */
export type GrammarCheck = GrammarVerdict & { readonly hasNames: boolean }

/**
 * Whether libpcap would take a filter, for `-i any` and for Ethernet, as far as that can be known without it: its grammar is
 * followed to the letter, names and what is seldom used are left open. libpcap refuses a filter too when its optimizer sees that
 * no packet can pass, so a filter is valid only with a packet at hand that does.
 * https://www.tcpdump.org/manpages/pcap-filter.7.html
 */
export function checkGrammar(expression: string): GrammarCheck {
  let hasNames = true
  try {
    // No program could be handed it.
    if (expression.includes('\0')) throw new FilterDoubt()
    const tokens = readFilterTokens(expression)
    hasNames = tokens.some(({ kind }) => kind === 'name' || kind === 'doubt')
    if (tokens.length === 0) return { kind: 'valid', hasNames }
    const filter = parseFilterTokens(tokens)
    hasNames = filter.hasNames
    const isValid = filter.test !== undefined && !hasNames && findPassingPacket(filter.test)
    return { kind: isValid ? 'valid' : 'unable', hasNames }
  } catch (error) {
    if (error instanceof FilterError) return { kind: 'invalid', message: error.message, hasNames }
    if (error instanceof FilterDoubt) return { kind: 'unable', hasNames }
    throw error
  }
}
