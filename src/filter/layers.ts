import { FilterDoubt, FilterError } from './errors.ts'
import { after, at, type Offset, type Packet, readNumber } from './packet.ts'
import { allOf, anyOf, negate, type PacketTest, testBytes, testNumber } from './packet-test.ts'

export type LayerKind = 'ethernet' | 'cooked' | 'ppp'

/** Where the terms of a filter look. `vlan`, `mpls`, `pppoes` and `geneve` move it for all terms to their right. */
export interface Layers {
  readonly kind: LayerKind
  /** Start of the link-layer header. */
  readonly link: Offset
  /** Field that says which protocol follows. */
  readonly type: Offset
  /** End of the link-layer header. */
  readonly payload: Offset
  /** MPLS labels between that and the network header. */
  readonly labels: number
  /** Whether they are inside of Geneve, where a packet may come without an Ethernet header. */
  readonly isTunnelled: boolean
}

export const etherTypes = {
  ...{ ip: 0x800, arp: 0x806, rarp: 0x8035, ip6: 0x86dd, vlan: 0x8100, mpls: 0x8847, pppoed: 0x8863, pppoes: 0x8864 },
  ...{
    mopdl: 0x6001,
    moprc: 0x6002,
    decnet: 0x6003,
    lat: 0x6004,
    sca: 0x6007,
    atalk: 0x809b,
    aarp: 0x80f3,
    ipx: 0x8137,
  },
} as const
/** Service access points of IEEE 802.2. */
export const accessPoints = { ip: 0x06, stp: 0x42, ipx: 0xe0, netbeui: 0xf0, iso: 0xfe } as const

const vlanTypes = [etherTypes.vlan, 0x88a8, 0x9100]
const longestEthernetPayload = 1500
const geneve = { port: 6081, ethernet: 0x6558, headerLength: 8 } as const
/** PPP's numbers for protocols whose EtherType differs. */
const pppTypes: ReadonlyMap<number, number> = new Map<number, number>([
  ...([[etherTypes.ip, 0x21], [etherTypes.ip6, 0x57], [etherTypes.decnet, 0x27], [etherTypes.atalk, 0x29]] as const),
  ...([[0x600, 0x25], [accessPoints.iso, 0x23], [accessPoints.stp, 0x31], [accessPoints.ipx, 0x2b]] as const),
]) // biome-ignore format: a table of numbers

export function outermost(linkType: Exclude<LayerKind, 'ppp'>): Layers {
  const none = { link: at(0), labels: 0, isTunnelled: false }
  return linkType === 'ethernet'
    ? { ...none, kind: linkType, type: at(12), payload: at(14) }
    : { ...none, kind: linkType, type: at(0), payload: at(20) }
}

/** Returns the start of the network header. */
export function networkOf({ payload, labels }: Layers): Offset {
  return after(payload, 4 * labels)
}

/**
 * Returns the test for an EtherType, or for a service access point of IEEE 802.2, whose numbers are smaller.
 * @throws {FilterError} for a protocol that MPLS does not carry
 */
export function testType(layers: Layers, type: number): PacketTest {
  if (layers.labels > 0) return testBehindLabels(layers, type)
  if (layers.kind === 'ppp') return testNumber(layers.type, 2, { low: pppTypes.get(type) ?? type })
  return layers.kind === 'ethernet' ? testEtherType(layers, type) : testNumber(layers.type, 2, { low: type })
}

/** MPLS has no type: after the last label, the IP version decides. */
function testBehindLabels(layers: Layers, type: number): PacketTest {
  const network = networkOf(layers)
  if (type !== etherTypes.ip && type !== etherTypes.ip6) throw new FilterError('unsupported protocol over mpls')
  const version = type === etherTypes.ip ? 0x40 : 0x60
  return allOf(
    testNumber(after(network, -2), 1, { low: 1, mask: 1 }),
    testNumber(network, 1, { low: version, mask: 0xf0 }),
  )
}

function testEtherType(layers: Layers, type: number): PacketTest {
  const ethernet2 = testNumber(layers.type, 2, { low: type })
  const { ipx, ip, iso, netbeui } = accessPoints
  switch (type) {
    case ip:
    case iso:
    case netbeui:
      return allOf(testLength(layers), testNumber(layers.payload, 2, { low: type * 257 }))
    case ipx: {
      const raw = testNumber(layers.payload, 2, { low: 0xffff })
      const inLlc = anyOf(testNumber(layers.payload, 1, { low: ipx }), raw, testSnap(layers, 0, etherTypes.ipx))
      return anyOf(testNumber(layers.type, 2, { low: etherTypes.ipx }), allOf(testLength(layers), inLlc))
    }
    case etherTypes.atalk:
      return anyOf(ethernet2, allOf(testLength(layers), testSnap(layers, 0x080007, type)))
    case etherTypes.aarp:
      return anyOf(ethernet2, allOf(testLength(layers), testSnap(layers, 0, type)))
    default:
      if (type > longestEthernetPayload) return ethernet2
      return allOf(testLength(layers), testNumber(after(layers.type, 2), 1, { low: type }))
  }
}

/** Tests for a length in the place of the EtherType, which IEEE 802.2 follows. */
export function testLength({ type }: Layers): PacketTest {
  return testNumber(type, 2, { low: 0, high: longestEthernetPayload })
}

function testSnap({ payload }: Layers, organization: number, type: number): PacketTest {
  const bytes = [0xaa, 0xaa, 3, organization >> 16, organization >> 8, organization, type >> 8, type]
  return testBytes(
    payload,
    bytes.map((byte) => byte & 0xff),
    Array<number>(8).fill(0xff),
  )
}

/** Test of an encapsulation, and where the terms to its right look. */
export interface Encapsulation {
  readonly test: PacketTest
  readonly inner: Layers
}

/** @throws {FilterError} when libpcap refuses it */
export function enterVlan(layers: Layers, tag: number | undefined): Encapsulation {
  if (layers.labels > 0) throw new FilterError('no VLAN match after MPLS')
  if (layers.kind === 'ppp') throw new FilterError('no VLAN support for PPP')
  if (layers.kind === 'cooked') throw new FilterError('no VLAN support for Linux cooked v2')
  requireAtMost('VLAN tag', tag, 0xfff)
  const isTagged = anyOf(...vlanTypes.map((type) => testType(layers, type)))
  return {
    test: withNumber(isTagged, layers, 2, tag, tag, 0xfff),
    inner: { ...layers, type: after(layers.type, 4), payload: after(layers.payload, 4) },
  }
}

/** @throws {FilterError} when libpcap refuses it */
export function enterMpls(layers: Layers, label: number | undefined): Encapsulation {
  if (layers.labels === 0 && layers.kind === 'cooked') throw new FilterError('no MPLS support for Linux cooked v2')
  const network = networkOf(layers)
  const isLabelled =
    layers.labels > 0
      ? testNumber(after(network, -2), 1, { low: 0, mask: 1 })
      : testType(layers, layers.kind === 'ppp' ? 0x281 : etherTypes.mpls)
  requireAtMost('MPLS label', label, 0xfffff)
  return {
    test: withNumber(isLabelled, layers, 4, label, label === undefined ? undefined : label * 4096, 0xfffff000),
    inner: { ...layers, labels: layers.labels + 1 },
  }
}

/** @throws {FilterError} when libpcap refuses it */
export function enterPppoe(layers: Layers, session: number | undefined): Encapsulation {
  const isSession = testType(layers, etherTypes.pppoes)
  requireAtMost('PPPoE session number', session, 0xffff)
  const link = after(networkOf(layers), 6)
  return {
    test: withNumber(isSession, layers, 4, session, session, 0xffff),
    inner: { ...layers, kind: 'ppp', link, type: link, payload: after(link, 2), labels: 0 },
  }
}

/**
 * @throws {FilterError} when libpcap refuses it
 * @throws {FilterDoubt} behind MPLS labels, where libpcap's code looks in the wrong place
 */
export function enterGeneve(layers: Layers, vni: number | undefined): Encapsulation {
  requireAtMost('Geneve VNI', vni, 0xffffff)
  if (layers.labels > 0) throw new FilterDoubt()
  const network = networkOf(layers)
  const header4 = after(skipIpHeader(network), 8)
  const header6 = after(network, 48)
  const isGeneve = (header: Offset) =>
    allOf(
      testNumber(after(header, -6), 2, { low: geneve.port }),
      testNumber(header, 1, { low: 0, mask: 0xc0 }),
      ...(vni === undefined ? [] : [testNumber(after(header, 4), 4, { low: vni * 256, mask: 0xffffff00 })]),
    )
  const isIp = allOf(
    testType(layers, etherTypes.ip),
    testNumber(after(network, 9), 1, { low: 17 }),
    testFirstFragment(network),
  )
  const isIp6 = allOf(testType(layers, etherTypes.ip6), testNumber(after(network, 6), 1, { low: 17 }))
  const [test4, test6] = [allOf(isIp, isGeneve(header4)), allOf(isIp6, isGeneve(header6))]
  // libpcap's registers are zero for a packet that is not Geneve.
  const inside = (find: (header: number, inner: number, isEthernet: boolean) => number): Offset => {
    return (packet) => {
      const header = test4.passes(packet) ? header4(packet) : test6.passes(packet) ? header6(packet) : undefined
      if (header === undefined) return 0
      const inner = header + geneve.headerLength + ((readNumber(packet, header, 1) ?? 0) & 0x3f) * 4
      return find(header, inner, readNumber(packet, header + 2, 2) === geneve.ethernet)
    }
  }
  return {
    test: anyOf(test4, test6),
    inner: {
      kind: 'ethernet',
      link: inside((_header, inner) => inner),
      type: inside((header, inner, isEthernet) => (isEthernet ? inner + 12 : header + 2)),
      payload: inside((_header, inner, isEthernet) => (isEthernet ? inner + 14 : inner)),
      labels: 0,
      isTunnelled: true,
    },
  }
}

/** Returns the end of an IPv4 header. */
export function skipIpHeader(network: Offset): Offset {
  return (packet: Packet) => {
    const start = network(packet)
    const first = readNumber(packet, start, 1)
    return first === undefined ? Number.POSITIVE_INFINITY : start + (first & 0xf) * 4
  }
}

/** Tests that an IPv4 packet is no later fragment, which has no transport header. */
export function testFirstFragment(network: Offset): PacketTest {
  return testNumber(after(network, 6), 2, { low: 0, mask: 0x1fff })
}

/** Tests for an Ethernet header; outside of a tunnel every packet has one. */
export function testEthernetHeader({ link, payload, isTunnelled }: Layers): PacketTest | undefined {
  if (!isTunnelled) return undefined
  const hasNone: PacketTest = {
    passes: (packet) => link(packet) === payload(packet),
    *aim() {},
  }
  return negate(hasNone)
}

function withNumber(
  test: PacketTest,
  layers: Layers,
  size: 2 | 4,
  number: number | undefined,
  value: number | undefined,
  mask: number,
): PacketTest {
  if (number === undefined || value === undefined) return test
  return allOf(test, testNumber(networkOf(layers), size, { low: value >>> 0, mask }))
}

function requireAtMost(what: string, value: number | undefined, maximum: number): void {
  if (value !== undefined && value > maximum) throw new FilterError(`${what} ${value} greater than maximum ${maximum}`)
}
