import type { FilterEnvironment } from './environment.ts'
import { FilterDoubt, FilterError } from './errors.ts'
import {
  type Encapsulation,
  enterGeneve,
  enterMpls,
  enterPppoe,
  enterVlan,
  etherTypes,
  type Layers,
  networkOf,
  testEthernetHeader,
  testLength,
  testType,
} from './layers.ts'
import { after } from './packet.ts'
import { allOf, anyOf, makeTest, negate, type PacketTest, testBytes, testNumber } from './packet-test.ts'
import type { Encapsulating } from './syntax.ts'

const outgoing = 4
const broadcastAddress = Array<number>(6).fill(0xff)
const linkNames = { cooked: 'Linux cooked v2', ppp: 'PPP', ethernet: 'Ethernet' } as const

/** Types behind `llc`, by the bits of the control field that they need. */
const llcTypes: Readonly<Record<string, { mask: number; value: number }>> = {
  i: { mask: 1, value: 0 },
  s: { mask: 3, value: 1 },
  u: { mask: 3, value: 3 },
  rr: { mask: 0x0f, value: 0x01 },
  rnr: { mask: 0x0f, value: 0x05 },
  rej: { mask: 0x0f, value: 0x09 },
  ui: { mask: 0xef, value: 0x03 },
  ua: { mask: 0xef, value: 0x63 },
  disc: { mask: 0xef, value: 0x43 },
  sabme: { mask: 0xef, value: 0x6f },
  test: { mask: 0xef, value: 0xe3 },
  xid: { mask: 0xef, value: 0xaf },
  frmr: { mask: 0xef, value: 0x87 },
}

const encapsulations: Readonly<Record<Encapsulating, (layers: Layers, number: number | undefined) => Encapsulation>> = {
  vlan: enterVlan,
  mpls: enterMpls,
  pppoes: enterPppoe,
  geneve: enterGeneve,
}

/**
 * Returns the test for an encapsulation, and where the terms to its right look.
 * @throws {FilterError} when libpcap refuses it
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function enterEncapsulation(
  word: Encapsulating,
  number: number | undefined,
  layers: Layers,
  environment: FilterEnvironment,
): Encapsulation {
  requireLinkType(environment)
  return encapsulations[word](layers, number)
}

/**
 * Returns the test for a broadcast or multicast address.
 * @throws {FilterError} when libpcap refuses it
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function testGroup(
  group: 'broadcast' | 'multicast',
  protocol: string | undefined,
  layers: Layers,
  environment: FilterEnvironment,
): PacketTest {
  const network = networkOf(layers)
  const isLink = protocol === undefined || protocol === 'ether'
  if (group === 'broadcast') {
    if (protocol === 'ip') return testIpBroadcast(layers, environment)
    if (!isLink) throw new FilterError('only link-layer/IP broadcast filters supported')
    requireLinkType(environment)
    if (layers.kind !== 'ethernet') throw new FilterError('not a broadcast link')
    return withHeader(layers, testBytes(layers.link, broadcastAddress, broadcastAddress))
  }
  if (protocol === 'ip')
    return allOf(testType(layers, etherTypes.ip), testNumber(after(network, 16), 1, { low: 224, high: 255 }))
  if (protocol === 'ip6')
    return allOf(testType(layers, etherTypes.ip6), testNumber(after(network, 24), 1, { low: 255 }))
  if (isLink) requireLinkType(environment)
  if (!isLink || layers.kind !== 'ethernet')
    throw new FilterError(
      'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel',
    )
  return withHeader(layers, testNumber(layers.link, 1, { low: 1, mask: 1 }))
}

function testIpBroadcast(layers: Layers, { netmask }: FilterEnvironment): PacketTest {
  if (netmask === undefined) throw new FilterDoubt()
  if (netmask === 'none') throw new FilterError("netmask not known, so 'ip broadcast' not supported")
  const hostMask = ~netmask >>> 0
  const destination = after(networkOf(layers), 16)
  return allOf(
    testType(layers, etherTypes.ip),
    anyOf(...[0, hostMask].map((low) => testNumber(destination, 4, { low, mask: hostMask }))),
  )
}

/**
 * Returns the test for the direction that the kernel has seen.
 * @throws {FilterError} for a file without directions
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function testOutbound(layers: Layers, { linkType, isLive }: FilterEnvironment): PacketTest {
  if (linkType === 'cooked' && layers.kind === 'cooked') return testNumber(after(layers.link, 10), 1, { low: outgoing })
  requireLive(isLive, 'inbound/outbound', layers)
  return makeTest(
    ({ isOutgoing }) => isOutgoing === true,
    (packet) => [true, false].map((isOutgoing) => ({ ...packet, isOutgoing })),
  )
}

/**
 * Returns the test for the interface that the kernel has seen.
 * @throws {FilterError} for a file without interfaces
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function testInterface(index: number, layers: Layers, environment: FilterEnvironment): PacketTest {
  if (environment.isLibpcap110 !== true) throw new FilterDoubt()
  if (layers.kind === 'cooked') return testNumber(after(layers.link, 4), 4, { low: index })
  requireLive(environment.isLive, 'ifindex', layers)
  return makeTest(
    ({ interfaceIndex }) => interfaceIndex === index,
    (packet) => [index, index + 1].map((interfaceIndex) => ({ ...packet, interfaceIndex })),
  )
}

function requireLive(isLive: boolean | undefined, what: string, { kind }: Layers): void {
  if (isLive === undefined) throw new FilterDoubt()
  if (!isLive) throw new FilterError(`${what} not supported on ${linkNames[kind]} when reading savefiles`)
}

/**
 * Returns the test for a byte of the link-layer header.
 * @throws {FilterDoubt} for the operators whose code tests whatever the terms before them have left
 */
export function testByte(
  position: number,
  operator: string,
  value: number,
  layers: Layers,
  environment: FilterEnvironment,
): PacketTest {
  requireLinkType(environment)
  const ranges = new Map([
    ['=', { low: value }],
    ['<', { low: 0, high: value - 1 }],
    ['>', { low: value + 1, high: 255 }],
  ])
  const range = ranges.get(operator)
  if (range === undefined) throw new FilterDoubt()
  return testNumber(after(layers.link, position), 1, range)
}

/**
 * Returns the test for IEEE 802.2.
 * @throws {FilterError} when libpcap refuses it
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function testLlc(type: string | undefined, layers: Layers, environment: FilterEnvironment): PacketTest {
  requireLinkType(environment)
  const control = type === undefined ? undefined : llcTypes[type]
  if (type !== undefined && control === undefined) throw new FilterError(`unknown LLC type name "${type}"`)
  if (layers.kind !== 'ethernet') throw new FilterError(`'llc' not supported for ${linkNames[layers.kind]}`)
  const isRaw = testNumber(layers.payload, 2, { low: 0xffff })
  const isLlc = allOf(testLength(layers), negate(isRaw))
  if (control === undefined) return isLlc
  return allOf(isLlc, testNumber(after(layers.payload, 2), 1, { low: control.value, mask: control.mask }))
}

function withHeader(layers: Layers, test: PacketTest): PacketTest {
  const hasHeader = testEthernetHeader(layers)
  return hasHeader === undefined ? test : allOf(hasHeader, test)
}

function requireLinkType({ linkType }: FilterEnvironment): void {
  if (linkType === undefined) throw new FilterDoubt()
}
