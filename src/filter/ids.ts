import { isIPv4 } from 'node:net'
import { FilterDoubt, FilterError } from './errors.ts'
import {
  type Direction,
  etherTypes,
  type PacketTest,
  testAddress,
  testEtherType,
  testPorts,
  testProtocol,
} from './packets.ts'
import type { Token } from './tokens.ts'

export const idTypes = ['host', 'net', 'port', 'portrange', 'proto', 'protochain', 'gateway'] as const
export const protocols: readonly string[] = (
  'ether ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp stp ' +
  'radio atalk aarp decnet lat sca moprc mopdl iso esis isis l1 l2 iih lsp snp csnp psnp clnp ipx netbeui'
).split(' ')

/** Qualifiers in front of an id, which also apply to a following id without any: `tcp src port 80 or 443`. */
export interface Qualifiers {
  readonly protocol: string | undefined
  readonly direction: Direction
  readonly type: (typeof idTypes)[number]
}

/** Host, network, port or protocol: one token and its suffix. */
export interface Id {
  readonly token: Token
  /** Prefix length: `/8`. */
  readonly prefix: number | undefined
  /** Network mask: `mask 255.0.0.0`. */
  readonly mask: string | undefined
}

/** Marker for an id that the remote side looks up. */
export const lookedUp = Symbol('looked up')

/** Protocols that can be a term on their own, and the networks that carry them. */
const ipProtocols: Readonly<Record<string, { number: number; networks: readonly ('ip' | 'ip6')[] }>> = {
  icmp: { number: 1, networks: ['ip'] },
  igmp: { number: 2, networks: ['ip'] },
  igrp: { number: 9, networks: ['ip'] },
  vrrp: { number: 112, networks: ['ip'] },
  carp: { number: 112, networks: ['ip'] },
  icmp6: { number: 58, networks: ['ip6'] },
  tcp: { number: 6, networks: ['ip', 'ip6'] },
  udp: { number: 17, networks: ['ip', 'ip6'] },
  sctp: { number: 132, networks: ['ip', 'ip6'] },
  pim: { number: 103, networks: ['ip', 'ip6'] },
  ah: { number: 51, networks: ['ip', 'ip6'] },
  esp: { number: 50, networks: ['ip', 'ip6'] },
}
const portProtocols: readonly string[] = ['tcp', 'udp', 'sctp']
/** Names that libpcap knows without a lookup, as far as they are Ethernet II. */
const etherNames: ReadonlyMap<string, number> = new Map(Object.entries(etherTypes))

/**
 * Returns the test for a protocol on its own: `tcp`, `arp`.
 * @throws {FilterError} when libpcap refuses it
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function makeProtocolTest(protocol: string): PacketTest {
  if (protocol === 'ether') throw new FilterError('link layer applied in wrong context')
  const ofIp = ipProtocols[protocol]
  if (ofIp !== undefined) return testProtocol(ofIp.networks, ofIp.number)
  const etherType = etherNames.get(protocol)
  if (etherType === undefined) throw new FilterDoubt()
  return testEtherType(etherType)
}

/**
 * Returns the test for an id with its qualifiers.
 * @throws {FilterError} when every libpcap refuses the combination
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function makeIdTest(qualifiers: Qualifiers | undefined, id: Id): PacketTest | typeof lookedUp {
  const { kind, text } = id.token
  if (kind === 'mac') return testMac(qualifiers)
  if (kind === 'ipv4') return testIpv4(qualifiers, id)
  if (kind === 'ipv6') return testIpv6(qualifiers, text, id.prefix)
  if (qualifiers === undefined) throw new FilterError('syntax error in filter expression')
  return kind === 'number' ? testNumber(qualifiers, id.token.value) : testName(qualifiers, text)
}

/** Rejects a MAC address, which fits Ethernet but not the link type of `-i any`. */
function testMac(qualifiers: Qualifiers | undefined): never {
  if (qualifiers?.protocol === 'ether' && qualifiers.type === 'host') throw new FilterDoubt()
  throw new FilterError('ethernet address used in non-ether expression')
}

function testIpv4(qualifiers: Qualifiers | undefined, { token: { text }, prefix, mask }: Id): PacketTest {
  if (qualifiers?.protocol === 'decnet') throw new FilterDoubt()
  const type = qualifiers?.type
  const isMasked = prefix !== undefined || mask !== undefined
  if (!isMasked && (type === 'port' || type === 'portrange' || type === 'proto' || type === 'protochain'))
    throw new FilterError(`'${type}' modifier applied to ip host`)
  const length = text.split('.').length * 8
  const address = readIpv4(text)
  const maskBytes = mask === undefined ? makeMask(prefix ?? length, 4) : readIpv4(mask)
  const name = mask === undefined ? `${text}/${prefix ?? length}` : `${text} mask ${mask}`
  requireNetworkBits(address, maskBytes, name)
  if (qualifiers === undefined) throw new FilterError('syntax error in filter expression')
  if (isMasked && type !== 'net') throw new FilterError('Mask syntax for networks only')
  if (type === 'gateway') throw new FilterError("'gateway' requires a name")
  return testHost(qualifiers, address, maskBytes)
}

function testIpv6(qualifiers: Qualifiers | undefined, text: string, prefix = 128): PacketTest {
  if (prefix > 128) throw new FilterError('mask length must be <= 128')
  const [address, mask] = [readIpv6(text), makeMask(prefix, 16)]
  requireNetworkBits(address, mask, `${text}/${prefix}`)
  const type = qualifiers?.type
  if (qualifiers === undefined || (type !== 'host' && type !== 'net'))
    throw new FilterError('invalid qualifier against IPv6 address')
  if (type === 'host' && prefix !== 128) throw new FilterError('Mask syntax for networks only')
  const { protocol, direction } = qualifiers
  if (protocol === 'ether') throw new FilterError(`link-layer modifier applied to ip6 ${type}`)
  if (protocol !== undefined && protocol !== 'ip6') {
    if (protocol in ipProtocols || etherNames.has(protocol) || protocol === 'stp')
      throw new FilterError(`'${protocol}' modifier applied to ip6 ${type}`)
    throw new FilterDoubt()
  }
  return testAddress(['ip6'], direction, address, mask)
}

function testNumber(qualifiers: Qualifiers, value: number): PacketTest {
  const { type, protocol } = qualifiers
  switch (type) {
    case 'host':
    case 'net': {
      if (protocol === 'ether') throw new FilterError('illegal link layer address')
      // A short network number is the beginning of the address, a short host number its end.
      let [address, length] = [value, 32]
      while (type === 'net' && address !== 0 && address < 0x1000000) [address, length] = [address * 256, length - 8]
      const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff)
      return testHost(qualifiers, bytes, makeMask(length, 4))
    }
    case 'port':
    case 'portrange':
      return testPortNumbers(qualifiers, value, value)
    case 'proto':
      return testProtocolNumber(protocol, value)
    case 'gateway':
      throw new FilterError("'gateway' requires a name")
    case 'protochain':
      throw new FilterDoubt()
  }
}

function testName(qualifiers: Qualifiers, name: string): PacketTest | typeof lookedUp {
  const { type, protocol } = qualifiers
  if (type === 'port' || type === 'portrange') {
    requirePortProtocol(qualifiers)
    const range = /^(\d{1,9})-(\d{1,9})$/.exec(name)
    if (type === 'port' || range === null) return lookedUp
    return testPortNumbers(qualifiers, Number(range[1]), Number(range[2]))
  }
  if (type === 'proto' && protocol === 'ether') {
    const etherType = etherNames.get(name)
    return etherType === undefined ? lookedUp : testEtherType(etherType)
  }
  // Refused for any address.
  if (type === 'host' && protocol !== undefined && protocol in ipProtocols)
    throw new FilterError(`'${protocol}' modifier applied to host`)
  return lookedUp
}

function testHost({ protocol, direction, type }: Qualifiers, address: number[], mask: number[]): PacketTest {
  switch (protocol) {
    case undefined:
      return testAddress(['ip', 'arp', 'rarp'], direction, address, mask)
    case 'ip':
    case 'arp':
    case 'rarp':
      return testAddress([protocol], direction, address, mask)
    case 'ether':
      throw new FilterError('illegal link layer address')
    case 'ip6':
      throw new FilterError("'ip6' modifier applied to ip host")
    default:
      if (!(protocol in ipProtocols) && protocol !== 'stp') throw new FilterDoubt()
      throw new FilterError(`'${protocol}' modifier applied to ${type === 'net' ? 'net' : 'host'}`)
  }
}

function requirePortProtocol({ protocol, type }: Qualifiers): void {
  if (protocol !== undefined && !portProtocols.includes(protocol))
    throw new FilterError(`illegal qualifier of '${type}'`)
}

function testPortNumbers(qualifiers: Qualifiers, first: number, last: number): PacketTest {
  requirePortProtocol(qualifiers)
  const { protocol, direction } = qualifiers
  const wrong = [first, last].find((port) => port > 65_535)
  if (wrong !== undefined) throw new FilterError(`illegal port number ${wrong} > 65535`)
  const numbers = (protocol === undefined ? portProtocols : [protocol]).map((name) => ipProtocols[name]?.number ?? 0)
  return testPorts(numbers, direction, Math.min(first, last), Math.max(first, last))
}

function testProtocolNumber(protocol: string | undefined, value: number): PacketTest {
  if (protocol === 'ether') {
    // Smaller values are lengths and LLC's numbers.
    if (value < 0x600 || value > 0xffff) throw new FilterDoubt()
    return testEtherType(value)
  }
  if (protocol === 'arp' || protocol === 'rarp')
    throw new FilterError(`${protocol} does not encapsulate another protocol`)
  if (protocol !== undefined && (protocol in ipProtocols || protocol === 'stp'))
    throw new FilterError(`'${protocol} proto' is bogus`)
  if (value > 255) throw new FilterDoubt()
  if (protocol === undefined) return testProtocol(['ip', 'ip6'], value)
  if (protocol === 'ip' || protocol === 'ip6') return testProtocol([protocol], value)
  throw new FilterDoubt()
}

/** Parses an IPv4 address, completed by zeros: `10.1` is 10.1.0.0. */
function readIpv4(text: string): number[] {
  const parts = text.split('.').map(Number)
  if (parts.some((part) => part > 255)) throw new FilterError(`invalid IPv4 address '${text}'`)
  return [...parts, 0, 0, 0].slice(0, 4)
}

function readIpv6(text: string): number[] {
  const tail = text.slice(text.lastIndexOf(':') + 1)
  const embedded = isIPv4(tail) ? tail.split('.').map(Number) : []
  const groups = embedded.length > 0 ? text.slice(0, text.lastIndexOf(':') + 1).replace(/([^:]):$/, '$1') : text
  const [head = '', rest] = groups.split('::')
  const read = (part: string) =>
    part
      .split(':')
      .filter((group) => group !== '')
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
  const [before, after] = [read(head), [...read(rest ?? ''), ...embedded]]
  return [...before, ...Array<number>(16 - before.length - after.length).fill(0), ...after]
}

function makeMask(length: number, size: number): number[] {
  if (length > size * 8) throw new FilterError(`mask length must be <= ${size * 8}`)
  return Array.from({ length: size }, (_, index) => (0xff00 >> Math.min(8, Math.max(0, length - index * 8))) & 0xff)
}

function requireNetworkBits(address: readonly number[], mask: readonly number[], name: string): void {
  if (address.some((byte, index) => (byte & ~(mask[index] ?? 0)) !== 0))
    throw new FilterError(`non-network bits set in "${name}"`)
}
