import { makeMask, parseIpv4, parseIpv6, parseMac, requireNetworkBits } from './addresses.ts'
import type { FilterEnvironment } from './environment.ts'
import { FilterDoubt, FilterError } from './errors.ts'
import { type Layers, testEthernetHeader } from './layers.ts'
import { testNamedId } from './named-ids.ts'
import { testAddress, testEnds } from './network-tests.ts'
import { testChainNumber, testPortRange, testProtocolNumber } from './number-ids.ts'
import { after } from './packet.ts'
import { allOf, type PacketTest, testBytes } from './packet-test.ts'
import type { IdNode, Qualifiers } from './syntax.ts'

/** Marker for an id whose name is looked up where the filter is compiled. */
export const lookedUp = Symbol('looked up')

/** Protocols whose hosts libpcap calls by another name. */
const hostNames: Readonly<Record<string, string>> = {
  ...{
    atalk: 'AppleTalk',
    lat: 'LAT',
    sca: 'SCA',
    moprc: 'MOPRC',
    mopdl: 'MOPDL',
    aarp: 'AARP',
    iso: 'ISO',
    ipx: 'IPX',
  },
}

/**
 * Returns the test for an id with its qualifiers.
 * @throws {FilterError} when libpcap refuses the combination
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function testId(node: IdNode, layers: Layers, environment: FilterEnvironment): PacketTest | typeof lookedUp {
  const { qualifiers, token, prefix } = node
  if (token.kind === 'mac') return testMac(layers, environment, qualifiers, token.text)
  if (token.kind === 'ipv4') return testIpv4(layers, node)
  if (token.kind === 'ipv6') return testIpv6(layers, qualifiers, token.text, prefix)
  if (qualifiers === undefined) throw new FilterError('syntax error in filter expression')
  if (token.kind === 'number') return testNumberId(layers, qualifiers, token.value, environment)
  return testNamedId(qualifiers, token.text, layers, environment) ?? lookedUp
}

function testMac(
  layers: Layers,
  environment: FilterEnvironment,
  qualifiers: Qualifiers | undefined,
  text: string,
): PacketTest {
  if (qualifiers?.protocol !== 'ether' || qualifiers.type !== 'host')
    throw new FilterError('ethernet address used in non-ether expression')
  if (environment.linkType === undefined) throw new FilterDoubt()
  if (layers.kind !== 'ethernet')
    throw new FilterError('ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel')
  const [address, mask] = [parseMac(text), Array<number>(6).fill(0xff)]
  const ends = [after(layers.link, 6), layers.link]
  const test = testEnds(qualifiers.direction, ends, (end) => testBytes(end, address, mask))
  const hasHeader = testEthernetHeader(layers)
  return hasHeader === undefined ? test : allOf(hasHeader, test)
}

function testIpv4(layers: Layers, { qualifiers, token: { text }, prefix, mask }: IdNode): PacketTest {
  if (qualifiers?.protocol === 'decnet') throw new FilterDoubt()
  const type = qualifiers?.type
  const isMasked = prefix !== undefined || mask !== undefined
  if (!isMasked && (type === 'port' || type === 'portrange' || type === 'proto' || type === 'protochain'))
    throw new FilterError(`'${type}' modifier applied to ip host`)
  const length = text.split('.').length * 8
  const address = parseIpv4(text)
  const maskBytes = mask === undefined ? makeMask(prefix ?? length, 4) : parseIpv4(mask)
  const name = mask === undefined ? `${text}/${prefix ?? length}` : `${text} mask ${mask}`
  requireNetworkBits(address, maskBytes, name)
  if (qualifiers === undefined) throw new FilterError('syntax error in filter expression')
  if (isMasked && type !== 'net') throw new FilterError('Mask syntax for networks only')
  if (type === 'gateway') throw new FilterError("'gateway' requires a name")
  if (isMasked && qualifiers.protocol === 'ether') throw new FilterError('link-layer modifier applied to net')
  return testHost(layers, qualifiers, address, maskBytes)
}

function testIpv6(layers: Layers, qualifiers: Qualifiers | undefined, text: string, prefix = 128): PacketTest {
  if (prefix > 128) throw new FilterError('mask length must be <= 128')
  const [address, mask] = [parseIpv6(text), makeMask(prefix, 16)]
  requireNetworkBits(address, mask, `${text}/${prefix}`)
  const type = qualifiers?.type
  if (qualifiers === undefined || (type !== 'host' && type !== 'net'))
    throw new FilterError('invalid qualifier against IPv6 address')
  if (type === 'host' && prefix !== 128) throw new FilterError('Mask syntax for networks only')
  const { protocol, direction } = qualifiers
  if (protocol === 'ether') throw new FilterError(`link-layer modifier applied to ip6 ${type}`)
  if (protocol === 'atalk') throw new FilterError(`AppleTalk modifier applied to ip6 ${type}`)
  if (protocol !== undefined && protocol !== 'ip6')
    throw new FilterError(`'${protocol}' modifier applied to ip6 ${type}`)
  return testAddress(layers, ['ip6'], direction, address, mask)
}

function testNumberId(
  layers: Layers,
  qualifiers: Qualifiers,
  value: number,
  environment: FilterEnvironment,
): PacketTest {
  const { type, protocol } = qualifiers
  switch (type) {
    case 'host':
    case 'net': {
      if (protocol === 'ether') throw new FilterError('illegal link layer address')
      // A short network number is the beginning of the address, a short host number its end.
      let [address, length] = [value, 32]
      while (type === 'net' && address !== 0 && address < 0x1000000) [address, length] = [address * 256, length - 8]
      const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff)
      return testHost(layers, qualifiers, bytes, makeMask(length, 4))
    }
    case 'port':
    case 'portrange':
      return testPortRange(layers, qualifiers, value, value)
    case 'proto':
      return testProtocolNumber(layers, protocol, value, environment)
    case 'gateway':
      throw new FilterError("'gateway' requires a name")
    case 'protochain':
      return testChainNumber(layers, protocol, value, environment)
  }
}

function testHost(
  layers: Layers,
  { protocol, direction, type }: Qualifiers,
  address: number[],
  mask: number[],
): PacketTest {
  switch (protocol) {
    case undefined:
      // MPLS carries neither ARP nor RARP.
      return testAddress(layers, layers.labels > 0 ? ['ip'] : ['ip', 'arp', 'rarp'], direction, address, mask)
    case 'ip':
    case 'arp':
    case 'rarp':
      return testAddress(layers, [protocol], direction, address, mask)
    case 'ether':
      throw new FilterError('illegal link layer address')
    case 'ip6':
      throw new FilterError("'ip6' modifier applied to ip host")
    case 'decnet':
      throw new FilterDoubt()
    default: {
      const name = hostNames[protocol]
      if (name !== undefined) throw new FilterError(`${name} host filtering not implemented`)
      throw new FilterError(`'${protocol}' modifier applied to ${type === 'net' ? 'net' : 'host'}`)
    }
  }
}
