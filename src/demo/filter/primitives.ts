import { parseIpv4Address } from '../traffic/ipv4.ts'
import { FilterError, syntaxError } from './filter-tokens.ts'
import type { PacketTest, PacketView } from './packet-view.ts'

export interface Qualifiers {
  readonly direction: 'src' | 'dst' | 'either' | 'both'
  readonly protocol: string | undefined
  readonly type: 'host' | 'net' | 'port' | 'portrange' | 'proto' | 'less' | 'greater'
}

const protocolNumbers: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmp6: 58, sctp: 132 }
const portNumbers: Readonly<Record<string, number>> = {
  ssh: 22,
  domain: 53,
  http: 80,
  https: 443,
  postgresql: 5432,
  'http-alt': 8080,
}

const protocolTests: Readonly<Record<string, PacketTest>> = {
  ip: (view) => view.isIp,
  ip6: () => false,
  arp: (view) => view.isArp,
  broadcast: (view) => view.packet.isBroadcast,
  multicast: (view) => view.packet.isBroadcast,
  inbound: (view) => !view.packet.isOutgoing,
  outbound: (view) => view.packet.isOutgoing,
}

const qualifierWords = new Set([
  ...Object.keys(protocolNumbers),
  ...Object.keys(protocolTests),
  ...['src', 'dst', 'host', 'net', 'port', 'portrange', 'proto', 'less', 'greater'],
])

export function isQualifier(word: string | undefined): boolean {
  return word !== undefined && qualifierWords.has(word)
}

/** A protocol that stands alone: `tcp`. */
export function protocolTest(word: string): PacketTest | undefined {
  const number = protocolNumbers[word]
  return number === undefined ? protocolTests[word] : (view) => view.protocol === number
}

/** What the qualifiers ask of one id: `tcp dst port` and `443`. */
export function makePrimitive(qualifiers: Qualifiers, id: string): PacketTest {
  const ofProtocol =
    qualifiers.protocol === undefined || qualifiers.type === 'proto' ? undefined : protocolTest(qualifiers.protocol)
  const test = makeIdTest(qualifiers, id)
  return ofProtocol === undefined ? test : (view) => ofProtocol(view) && test(view)
}

function makeIdTest({ type, direction }: Qualifiers, id: string): PacketTest {
  switch (type) {
    case 'host':
      return addressTest(direction, parseHost(id), 0xffffffff)
    case 'net':
      return netTest(direction, id)
    case 'port': {
      const port = parsePort(id)
      return portTest(direction, port, port)
    }
    case 'portrange': {
      const [first = 0, last = first] = id.split('-').map(parsePort)
      return portTest(direction, Math.min(first, last), Math.max(first, last))
    }
    case 'proto': {
      // A name that is a keyword too must be escaped.
      if (isQualifier(id)) throw syntaxError()
      const name = id.replace(/^\\/, '')
      const number = protocolNumbers[name] ?? parseNumber(name)
      return (view) => view.protocol === number
    }
    case 'less': {
      const length = parseNumber(id)
      return (view) => view.length <= length
    }
    case 'greater': {
      const length = parseNumber(id)
      return (view) => view.length >= length
    }
  }
}

function ofEither(
  direction: Qualifiers['direction'],
  source: (view: PacketView) => boolean,
  destination: (view: PacketView) => boolean,
): PacketTest {
  if (direction === 'src') return source
  if (direction === 'dst') return destination
  if (direction === 'both') return (view) => source(view) && destination(view)
  return (view) => source(view) || destination(view)
}

function addressTest(direction: Qualifiers['direction'], address: number, mask: number): PacketTest {
  const wanted = (address & mask) >>> 0
  return ofEither(
    direction,
    (view) => (view.source & mask) >>> 0 === wanted,
    (view) => (view.destination & mask) >>> 0 === wanted,
  )
}

function portTest(direction: Qualifiers['direction'], first: number, last: number): PacketTest {
  return ofEither(
    direction,
    (view) => view.sourcePort >= first && view.sourcePort <= last,
    (view) => view.destinationPort >= first && view.destinationPort <= last,
  )
}

/** `10.244.0.0/16`, or `10.244` whose parts tell its length. */
function netTest(direction: Qualifiers['direction'], id: string): PacketTest {
  if (isIpv6(id)) return () => false
  const [address = '', prefix] = id.split('/')
  const parts = address.split('.')
  const bits = prefix === undefined ? parts.length * 8 : parseNumber(prefix)
  if (bits > 32) throw new FilterError('mask length must be <= 32')
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
  const value = parseHost([...parts, '0', '0', '0'].slice(0, 4).join('.'))
  if ((value & mask) >>> 0 !== value) throw new FilterError(`non-network bits set in "${id}"`)
  return addressTest(direction, value, mask)
}

function parseHost(id: string): number {
  // No packet of the demo is IPv6, so no address of a packet is this one.
  if (isIpv6(id)) return Number.NaN
  const parts = id.split('.')
  if (parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    return parseIpv4Address(id)
  if (/^[A-Za-z]/.test(id)) throw new FilterError(`unknown host '${id}'`)
  throw syntaxError()
}

function isIpv6(id: string): boolean {
  return /^[0-9a-f]*:[0-9a-f:.]*(\/\d+)?$/i.test(id)
}

function parsePort(id: string): number {
  if (/^\d+$/.test(id)) {
    const port = Number(id)
    if (port > 65_535) throw new FilterError(`illegal port number ${id} > 65535`)
    return port
  }
  const port = portNumbers[id]
  if (port === undefined) throw /^[A-Za-z0-9-]+$/.test(id) ? new FilterError(`unknown port '${id}'`) : syntaxError()
  return port
}

function parseNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw syntaxError()
  return Number(text)
}
