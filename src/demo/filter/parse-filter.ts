import { parseByteTest } from './byte-test.ts'
import { FilterError, makeTokenReader, readFilterTokens, syntaxError, type TokenReader } from './filter-tokens.ts'
import type { PacketTest } from './packet-view.ts'
import { isQualifier, makePrimitive, protocolTest, type Qualifiers } from './primitives.ts'

/** After one of these libpcap looks behind the header that they name; no packet of the demo has one. */
const shiftingWords: readonly string[] = ['vlan', 'mpls', 'pppoes', 'geneve']
/** Words that look at no header but the link layer's. */
const linkWords: readonly string[] = [
  'len',
  'length',
  'less',
  'greater',
  'inbound',
  'outbound',
  'broadcast',
  'multicast',
]
/** Words that the link type of the interface `any` does not take. */
const cookedRefusals: ReadonlyMap<string, string> = new Map([
  ['vlan', 'no VLAN support for Linux cooked v2'],
  ['mpls', 'no MPLS support for Linux cooked v2'],
  ['broadcast', 'not a broadcast link'],
  [
    'multicast',
    'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel',
  ],
])

/**
 * Parses the common part of libpcap's filter language. https://www.tcpdump.org/manpages/pcap-filter.7.html
 * `and` and `or` bind equally and from left to right there, and an id without qualifiers takes those before it: `port 53 or 80`.
 * Throws FilterError in libpcap's words.
 */
export function parseFilter(expression: string, linkLayer: 'ethernet' | 'cooked' = 'ethernet'): PacketTest {
  const tokens = readFilterTokens(expression)
  if (tokens.length === 0) return () => true
  const reader = makeTokenReader(tokens)
  let qualifiers: Qualifiers | undefined
  let isShifted = false

  const parseTerm = (): PacketTest => {
    const token = reader.peek()
    if (token === 'not' || token === '!') {
      reader.next()
      const inner = parseTerm()
      return (view) => !inner(view)
    }
    if (token === '(') {
      reader.next()
      const inner = parseExpression()
      if (reader.next() !== ')') throw syntaxError()
      return inner
    }
    const refusal = linkLayer === 'cooked' ? cookedRefusals.get(token ?? '') : undefined
    if (refusal !== undefined) throw new FilterError(refusal)
    if (shiftingWords.includes(token ?? '')) return parseShift()
    const test = parseByteTest(reader) ?? parsePrimitive()
    return isShifted && !linkWords.includes(token ?? '') ? () => false : test
  }
  const parseShift = (): PacketTest => {
    reader.next()
    if (/^\d+$/.test(reader.peek() ?? '')) reader.next()
    isShifted = true
    return () => false
  }
  const parseExpression = (): PacketTest => {
    let left = parseTerm()
    for (;;) {
      const operator = reader.peek()
      if (operator !== 'and' && operator !== '&&' && operator !== 'or' && operator !== '||') return left
      reader.next()
      const first = left
      const second = parseTerm()
      left =
        operator === 'and' || operator === '&&'
          ? (view) => first(view) && second(view)
          : (view) => first(view) || second(view)
    }
  }
  const parsePrimitive = (): PacketTest => {
    const words: string[] = []
    while (isQualifier(reader.peek())) words.push(readQualifier(reader))
    const following = reader.peek()
    const hasId = following !== undefined && !/^(?:and|or|&&|\|\||\))$/.test(following)
    if (words.length === 1 && !hasId) {
      const test = protocolTest(words[0] ?? '')
      if (test !== undefined) return test
    }
    if (!hasId) throw syntaxError()
    if (words.length > 0) qualifiers = readQualifiers(words)
    if (qualifiers === undefined) throw syntaxError()
    return makePrimitive(qualifiers, reader.next())
  }

  const test = parseExpression()
  if (reader.peek() !== undefined) throw syntaxError()
  return test
}

const directions: readonly string[] = ['src', 'dst', 'src or dst', 'src and dst']
const types: readonly string[] = ['host', 'net', 'port', 'portrange', 'proto', 'less', 'greater']

/** One word, or `src or dst`, which only looks like an expression. */
function readQualifier(reader: TokenReader): string {
  const word = reader.next()
  const joined = `${word} ${reader.peek()} ${reader.peek(1)}`
  if (joined !== 'src or dst' && joined !== 'src and dst') return word
  reader.next()
  reader.next()
  return joined
}

function readQualifiers(words: readonly string[]): Qualifiers {
  let direction: Qualifiers['direction'] = 'either'
  let protocol: string | undefined
  let type: string | undefined
  for (const word of words) {
    if (directions.includes(word))
      direction = word === 'src or dst' ? 'either' : word === 'src and dst' ? 'both' : (word as 'src' | 'dst')
    else if (types.includes(word)) type = word
    else if (protocol === undefined) protocol = word
    else throw syntaxError()
  }
  const modifier =
    protocol !== undefined && ['tcp', 'udp', 'sctp', 'icmp', 'icmp6'].includes(protocol) ? protocol : undefined
  if (modifier !== undefined && type === 'proto') throw new FilterError(`'${modifier} proto' is bogus`)
  if (modifier !== undefined && (type === undefined || type === 'host' || type === 'net')) {
    throw new FilterError(`'${modifier}' modifier applied to ${type ?? 'host'}`)
  }
  return { direction, protocol, type: (type ?? 'host') as Qualifiers['type'] }
}
