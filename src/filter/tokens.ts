import { isIPv6 } from 'node:net'
import type { FilterEnvironment } from './environment.ts'
import { FilterDoubt, FilterError, syntaxError } from './errors.ts'

export interface Token {
  /** Kind of token. libpcap would look up a `name`. A `doubt` ends the list, because the boundaries of the words after it are unknown. */
  readonly kind: 'keyword' | 'number' | 'ipv4' | 'ipv6' | 'mac' | 'name' | 'symbol' | 'doubt' | 'end'
  readonly text: string
  /** Value of a number. */
  readonly value: number
}

const keywords = new Set(
  [
    'src dst host net mask port portrange proto protochain gateway less greater byte and or not len broadcast multicast',
    'ether ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp radio atalk aarp decnet lat sca moprc',
    'mopdl iso esis isis l1 l2 iih lsp snp csnp psnp clnp stp ipx netbeui inbound outbound ifindex vlan mpls pppoed',
    'pppoes geneve type subtype direction dir address1 addr1 address2 addr2 address3 addr3 address4 addr4 ra ta lane',
    'llc metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect on ifname rset ruleset rnr rulenum',
    'srnr subrulenum reason action fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls',
  ].flatMap((line) => line.split(' ')),
)
const synonyms: ReadonlyMap<string, string> = new Map([
  ...['link', 'ppp', 'slip', 'fddi', 'tr', 'wlan'].map((word) => [word, 'ether'] as const),
  ['length', 'len'],
  ['es-is', 'esis'],
  ['is-is', 'isis'],
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
  ['==', '='],
])

const namedNumbers: ReadonlyMap<string, number> = new Map([
  ...number('icmp', 'type code', 0),
  ...number('icmp-', 'echoreply', 0),
  ...number('icmp-', 'unreach sourcequench redirect', 3),
  ...number('icmp-', 'echo routeradvert routersolicit timxceed paramprob tstamp tstampreply ireq ireqreply', 8),
  ...number('icmp-', 'maskreq maskreply', 17),
  ...number('icmp6', 'type code', 0),
  ...number('icmp6-', 'destinationunreach packettoobig timeexceeded parameterproblem', 1),
  ...number('icmp6-', 'echo echoreply multicastlistenerquery multicastlistenerreportv1 multicastlistenerdone', 128),
  ...number('icmp6-', 'routersolicit routeradvert neighborsolicit neighboradvert redirect routerrenum', 133),
  ...number('icmp6-', 'nodeinformationquery nodeinformationresponse ineighbordiscoverysolicit', 139),
  ...number('icmp6-', 'ineighbordiscoveryadvert multicastlistenerreportv2 homeagentdiscoveryrequest', 142),
  ...number('icmp6-', 'homeagentdiscoveryreply mobileprefixsolicit mobileprefixadvert certpathsolicit', 145),
  ...number('icmp6-', 'certpathadvert', 149),
  ...number('icmp6-', 'multicastrouteradvert multicastroutersolicit multicastrouterterm', 151),
  ...number('', 'tcpflags', 13),
  ...'fin syn rst push ack urg ece cwr'.split(' ').map((flag, bit) => [`tcp-${flag}`, 1 << bit] as const),
])

/** Returns words with consecutive numbers. */
function number(prefix: string, words: string, first: number): [string, number][] {
  return words.split(' ').map((word, index) => [prefix + word, first + index])
}

const wordPattern = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y
const escapedPattern = /\\[^ !()\n\t]+/y
const symbolPattern = /&&|\|\||[<>!=]=|<<|>>|[-+*/%:[\]!<>()&|^=]/y
const colonPattern = /[0-9A-Fa-fxX.]*:[0-9A-Fa-fxX.:]*:[0-9A-Fa-fxX.:]*/y
const macPattern =
  /^(?:[0-9a-f]{1,2}(?:(:|-|\.)[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|[0-9a-f]{12})$/i

/**
 * Splits an expression like libpcap's scanner.l: the longest match wins. https://github.com/the-tcpdump-group/libpcap/blob/master/scanner.l
 * @throws {FilterError} when no token begins with the text
 */
export function readTokens(text: string, { isLibpcap110 = false }: FilterEnvironment = {}): Token[] {
  const tokens: Token[] = []
  let position = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = position
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) position += found.length
    return found
  }
  for (take(/[ \r\n\t]*/y); position < text.length; take(/[ \r\n\t]*/y)) {
    const address = take(colonPattern)
    if (address !== undefined) {
      tokens.push(readColons(address, text.charAt(position)))
      if (tokens.at(-1)?.kind === 'doubt') return tokens
      continue
    }
    const word = take(wordPattern)
    if (word !== undefined) {
      // Only newer versions of libpcap have the keyword `vxlan`.
      tokens.push(word === 'vxlan' ? makeToken(isLibpcap110 ? 'name' : 'doubt', word) : readWord(word))
      continue
    }
    const escaped = take(escapedPattern)
    if (escaped !== undefined) {
      tokens.push(makeToken('name', escaped.slice(1)))
      continue
    }
    const symbol = take(symbolPattern)
    if (symbol === undefined) {
      // An ARCnet address.
      if (!/^\$[0-9a-f]/i.test(text.slice(position, position + 2))) throw syntaxError()
      return [...tokens, makeToken('doubt', '$')]
    }
    tokens.push(makeToken('symbol', synonyms.get(symbol) ?? symbol))
  }
  return tokens
}

function makeToken(kind: Token['kind'], text: string, value = 0): Token {
  return { kind, text, value }
}

/** Reads a text with two or more colons: an address, unless the scanner would split it elsewhere. */
function readColons(text: string, next: string): Token {
  if (/[-_A-Za-z0-9]/.test(next)) return makeToken('doubt', text)
  if (macPattern.test(text)) return makeToken('mac', text)
  return makeToken(isIPv6(text) ? 'ipv6' : 'doubt', text)
}

function readWord(text: string): Token {
  if (macPattern.test(text)) return makeToken('mac', text)
  if (/^(?:\d+|0x[0-9a-f]+)$/i.test(text)) return makeToken('number', text, parseNumber(text))
  if (/^\d+(?:\.\d+){1,3}$/.test(text)) return makeToken('ipv4', text)
  if (/^(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){1,3}$/i.test(text)) return makeToken('doubt', text)
  const named = namedNumbers.get(text)
  if (named !== undefined) return makeToken('number', text, named)
  const word = synonyms.get(text) ?? text
  return keywords.has(word) ? makeToken('keyword', word) : makeToken('name', text)
}

function parseNumber(text: string): number {
  const isOctal = /^0\d/.test(text)
  if (isOctal && /[89]/.test(text)) throw new FilterError(`number ${text} contains non-octal digit`)
  const value = isOctal ? Number.parseInt(text, 8) : Number(text)
  if (value > 0xffffffff) throw new FilterError(`number ${text} overflows 32 bits`)
  return value
}

export interface TokenReader {
  /**
   * Returns a token without taking it.
   * @throws {FilterDoubt} when the tokens are unknown
   */
  peek(offset?: number): Token
  /** Returns whether one of these keywords or symbols is next. */
  isAt(texts: readonly string[], offset?: number): boolean
  takeIf(...texts: readonly string[]): string | undefined
  take(kind: Token['kind']): Token
  expect(text: string): void
}

export function makeTokenReader(tokens: readonly Token[]): TokenReader {
  let position = 0
  const peek = (offset = 0) => {
    const token = tokens[position + offset] ?? makeToken('end', '')
    if (token.kind === 'doubt') throw new FilterDoubt()
    return token
  }
  const isAt = (texts: readonly string[], offset = 0) => {
    const { kind, text } = peek(offset)
    return (kind === 'keyword' || kind === 'symbol') && texts.includes(text)
  }
  const takeIf = (...texts: readonly string[]) => (isAt(texts) ? tokens[position++]?.text : undefined)
  return {
    peek,
    isAt,
    takeIf,
    take: (kind) => {
      const token = peek()
      if (token.kind !== kind) throw syntaxError()
      position++
      return token
    },
    expect: (text) => {
      if (takeIf(text) === undefined) throw syntaxError()
    },
  }
}
