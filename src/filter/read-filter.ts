import { assembleTest, compileParts } from './compile.ts'
import type { FilterEnvironment } from './environment.ts'
import { FilterDoubt, FilterError } from './errors.ts'
import type { PacketTest } from './packet-test.ts'
import { parseFilter } from './parse.ts'
import { readTokens } from './tokens.ts'
import { requireWholeExpression } from './whole-expression.ts'

/** Filter as it reads in an environment. */
export type FilterReading = (
  | { readonly kind: 'empty' }
  /** libpcap takes it, unless its optimizer sees that no packet can pass. */
  | { readonly kind: 'test'; readonly test: PacketTest }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unknown' }
) & {
  /** Whether it contains, or may contain, names that are looked up where it is compiled. */
  readonly hasNames: boolean
}

/** Longer filters are only searched for what libpcap refuses. */
const maxTokens = 2_000

/** Reads a filter by libpcap's grammar. https://www.tcpdump.org/manpages/pcap-filter.7.html */
export function readFilter(expression: string, environment: FilterEnvironment): FilterReading {
  let hasNames = true
  try {
    requireWholeExpression(expression)
    const tokens = readTokens(expression, environment)
    hasNames = tokens.some(({ kind }) => kind === 'name' || kind === 'doubt')
    if (tokens.length === 0) return { kind: 'empty', hasNames }
    const { parts, tree } = parseFilter(tokens)
    const compiled = compileParts(parts, environment)
    if (tree instanceof Error) throw tree
    hasNames = compiled.hasNames
    const test = tokens.length > maxTokens ? undefined : assembleTest(tree, compiled.tests)
    return test === undefined ? { kind: 'unknown', hasNames } : { kind: 'test', test, hasNames }
  } catch (error) {
    if (error instanceof FilterError) return { kind: 'refused', message: error.message, hasNames }
    if (error instanceof FilterDoubt) return { kind: 'unknown', hasNames }
    throw error
  }
}
