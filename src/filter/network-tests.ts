import {
  accessPoints,
  etherTypes,
  type Layers,
  networkOf,
  skipIpHeader,
  testFirstFragment,
  testType,
} from './layers.ts'
import { after, type Offset } from './packet.ts'
import { allOf, anyOf, type PacketTest, testBytes, testNumber } from './packet-test.ts'
import type { Direction } from './syntax.ts'

/** Protocols of IP that can be a term on their own, and the networks that carry them. */
export const ipProtocols: Readonly<Record<string, { number: number; networks: readonly ('ip' | 'ip6')[] }>> = {
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
const fragmentHeader = 44
const llcHeaderLength = 3
/** Kinds of IS-IS packets by the word for them. */
const isisTypes: Readonly<Record<string, readonly number[]>> = {
  l1: [15, 17, 18, 24, 26],
  l2: [16, 17, 20, 25, 27],
  iih: [15, 16, 17],
  lsp: [18, 20],
  snp: [24, 25, 26, 27],
  csnp: [24, 25],
  psnp: [26, 27],
}
const isoNumbers = { clnp: 0x81, esis: 0x82, isis: 0x83 } as const

const { ip, ip6, arp, rarp, aarp, atalk, decnet, lat, sca, moprc, mopdl } = etherTypes
const { iso, stp, ipx, netbeui } = accessPoints
const namedTypes: ReadonlyMap<string, number> = new Map(
  Object.entries({ ip, ip6, arp, rarp, aarp, atalk, decnet, lat, sca, moprc, mopdl, iso, stp, ipx, netbeui }),
)

const addressOffsets = { ip: [12, 16], ip6: [8, 24], arp: [14, 24], rarp: [14, 24] } as const
export type AddressedNetwork = keyof typeof addressOffsets

/** Returns the test for a protocol on its own; undefined for one that is none of a packet. */
export function testProtocolWord(layers: Layers, protocol: string): PacketTest | undefined {
  const ofIp = ipProtocols[protocol]
  if (ofIp !== undefined) return testIpProtocol(layers, ofIp.networks, ofIp.number)
  const isis = isisTypes[protocol]
  if (isis !== undefined) return anyOf(...isis.map((type) => testIsis(layers, type)))
  const iso = findIsoNumber(protocol)
  if (iso !== undefined) return testIso(layers, iso)
  const type = findType(protocol)
  return type === undefined ? undefined : testType(layers, type)
}

export function findIsoNumber(name: string): number | undefined {
  return new Map<string, number>(Object.entries(isoNumbers)).get(name)
}

/** Returns the EtherType or access point of a protocol that libpcap knows without a look-up. */
export function findType(name: string): number | undefined {
  return namedTypes.get(name)
}

export function testIpProtocol(layers: Layers, networks: readonly ('ip' | 'ip6')[], protocol: number): PacketTest {
  return anyOf(...networks.map((network) => (network === 'ip' ? testIp(layers, protocol) : testIp6(layers, protocol))))
}

function testIp(layers: Layers, protocol: number): PacketTest {
  return allOf(testType(layers, etherTypes.ip), testNumber(after(networkOf(layers), 9), 1, { low: protocol }))
}

function testIp6(layers: Layers, protocol: number): PacketTest {
  const network = networkOf(layers)
  const isNext = (offset: number, number: number) => testNumber(after(network, offset), 1, { low: number })
  return allOf(
    testType(layers, etherTypes.ip6),
    anyOf(isNext(6, protocol), allOf(isNext(6, fragmentHeader), isNext(40, protocol))),
  )
}

/** Tests for a protocol of OSI. */
export function testIso(layers: Layers, protocol: number): PacketTest {
  return allOf(testType(layers, accessPoints.iso), testNumber(isoHeaderOf(layers), 1, { low: protocol }))
}

export function testIsis(layers: Layers, type: number): PacketTest {
  return allOf(testIso(layers, isoNumbers.isis), testNumber(after(isoHeaderOf(layers), 4), 1, { low: type }))
}

function isoHeaderOf({ kind, payload }: Layers): Offset {
  return after(payload, kind === 'ethernet' ? llcHeaderLength : 0)
}

export function testAddress(
  layers: Layers,
  networks: readonly AddressedNetwork[],
  direction: Direction,
  address: readonly number[],
  mask: readonly number[],
): PacketTest {
  const tests = networks.map((network) => {
    const ends = addressOffsets[network].map((offset) => after(networkOf(layers), offset))
    return allOf(
      testType(layers, etherTypes[network]),
      testEnds(direction, ends, (end) => testBytes(end, address, mask)),
    )
  })
  return anyOf(...tests)
}

export function testPorts(
  layers: Layers,
  protocols: readonly number[],
  direction: Direction,
  first: number,
  last: number,
): PacketTest {
  const network = networkOf(layers)
  const isPort = (transport: Offset) =>
    testEnds(direction, [transport, after(transport, 2)], (end) => testNumber(end, 2, { low: first, high: last }))
  const isProtocol = (offset: number) =>
    anyOf(...protocols.map((protocol) => testNumber(after(network, offset), 1, { low: protocol })))
  return anyOf(
    allOf(testType(layers, etherTypes.ip), isProtocol(9), testFirstFragment(network), isPort(skipIpHeader(network))),
    allOf(testType(layers, etherTypes.ip6), isProtocol(6), isPort(after(network, 40))),
  )
}

/** Returns the test for the source, the destination, one of them or both. */
export function testEnds(
  direction: Direction,
  [source, destination]: readonly Offset[],
  testEnd: (offset: Offset) => PacketTest,
): PacketTest {
  const isSource = () => testEnd(source as Offset)
  const isDestination = () => testEnd(destination as Offset)
  if (direction === 'src') return isSource()
  if (direction === 'dst') return isDestination()
  return direction === 'both' ? allOf(isSource(), isDestination()) : anyOf(isSource(), isDestination())
}
