/** Packet as a filter sees it: from its network header on, under a link layer that has the EtherType. */
export interface Packet {
  readonly etherType: number
  readonly bytes: Uint8Array
  readonly length: number
}

/** Test of a filter, or of a part of it, on a packet. */
export interface PacketTest {
  /** Returns whether the packet passes; undefined if libpcap's code would not produce a result, or the result is unknown. */
  passes(packet: Packet): boolean | undefined
  /** Yields packets near this one that pass, or that do not. */
  aim(packet: Packet, wanted: boolean, search: Search): Iterable<Packet>
}

interface Search {
  triesLeft: number
}

export type Direction = 'src' | 'dst' | 'either' | 'both'

export const etherTypes = { ip: 0x800, arp: 0x806, rarp: 0x8035, ip6: 0x86dd } as const

const packetBytes = 256
const maxTries = 2_000
/** Values that no filter is likely to mention. */
const otherEtherType = 0x88b5
const otherProtocols = [253, 254]
const ipv6HeaderLength = 40

/**
 * Returns whether a passing packet was found. libpcap refuses a filter if its optimizer sees that it rejects all packets; a filter with a known
 * passing packet is safe from that.
 */
export function findPassingPacket(test: PacketTest): boolean {
  const search = { triesLeft: maxTries }
  for (const packet of test.aim(makePacket(etherTypes.ip), true, search)) {
    if (test.passes(packet) === true) return true
    if (search.triesLeft <= 0) return false
  }
  return false
}

export function makePacket(etherType: number): Packet {
  const bytes = new Uint8Array(packetBytes)
  if (etherType === etherTypes.ip) bytes[0] = 0x45
  return { etherType, bytes, length: packetBytes }
}

/** Returns the packet itself, or a new one of another network protocol. */
export function withEtherType(packet: Packet, etherType: number): Packet {
  return packet.etherType === etherType ? packet : makePacket(etherType)
}

export function withBytes(packet: Packet, offset: number, values: Iterable<number>): Packet {
  const bytes = packet.bytes.slice()
  let position = offset
  for (const value of values) bytes[position++] = value
  return { ...packet, bytes }
}

/** Returns the packet with another IP protocol; addresses and ports stay. */
export function withProtocol(packet: Packet, network: 'ip' | 'ip6', protocol: number): Packet {
  const base = withEtherType(packet, etherTypes[network])
  return withBytes(base, network === 'ip' ? 9 : 6, [protocol])
}

export function hasProtocol(packet: Packet, network: 'ip' | 'ip6', protocol: number): boolean {
  return packet.etherType === etherTypes[network] && packet.bytes[network === 'ip' ? 9 : 6] === protocol
}

/** Returns the offset of the TCP, UDP or ICMP header; undefined in a later fragment. */
export function findTransport({ etherType, bytes }: Packet): number | undefined {
  if (etherType === etherTypes.ip6) return ipv6HeaderLength
  const [first = 0, , , , , , high = 0, low = 0] = bytes
  return ((high & 0x1f) << 8) + low === 0 ? (first & 0xf) * 4 : undefined
}

/** Returns a test without parts. `propose` returns packets near the given one, from which the test picks the wanted ones. */
export function makeTest(passes: PacketTest['passes'], propose: (packet: Packet) => readonly Packet[]): PacketTest {
  return {
    passes,
    *aim(packet, wanted, search) {
      for (const near of [packet, ...propose(packet)]) {
        if (search.triesLeft-- <= 0) return
        if (passes(near) === wanted) yield near
      }
    },
  }
}

export function negate(test: PacketTest): PacketTest {
  return {
    passes: (packet) => {
      const answer = test.passes(packet)
      return answer === undefined ? undefined : !answer
    },
    aim: (packet, wanted, search) => test.aim(packet, !wanted, search),
  }
}

export function joinTests(operator: 'and' | 'or', tests: readonly PacketTest[]): PacketTest {
  const isAnd = operator === 'and'
  function* aimAtAll(packet: Packet, wanted: boolean, search: Search, index: number): Iterable<Packet> {
    const test = tests[index]
    if (test === undefined) {
      yield packet
      return
    }
    for (const near of test.aim(packet, wanted, search)) {
      if (search.triesLeft-- <= 0) return
      // Keep the results that earlier parts need.
      if (tests.slice(0, index).every((part) => part.passes(near) === wanted))
        yield* aimAtAll(near, wanted, search, index + 1)
    }
  }
  return {
    passes: (packet) => {
      for (const test of tests) {
        const answer = test.passes(packet)
        if (answer !== isAnd) return answer
      }
      return isAnd
    },
    *aim(packet, wanted, search) {
      if (wanted === isAnd) yield* aimAtAll(packet, wanted, search, 0)
      else for (const test of tests) yield* test.aim(packet, wanted, search)
    },
  }
}

export function testEtherType(etherType: number): PacketTest {
  return makeTest(
    (packet) => packet.etherType === etherType,
    () => [etherType, ...Object.values(etherTypes), otherEtherType].map(makePacket),
  )
}

export function testProtocol(networks: readonly ('ip' | 'ip6')[], protocol: number): PacketTest {
  return makeTest(
    (packet) => networks.some((network) => hasProtocol(packet, network, protocol)),
    (packet) => [
      ...[protocol, ...otherProtocols].flatMap((number) =>
        networks.map((network) => withProtocol(packet, network, number)),
      ),
      ...Object.values(etherTypes).map((etherType) => withEtherType(packet, etherType)),
    ],
  )
}

const addressOffsets = { ip: [12, 16], ip6: [8, 24], arp: [14, 24], rarp: [14, 24] } as const

export function testAddress(
  networks: readonly (keyof typeof etherTypes)[],
  direction: Direction,
  address: readonly number[],
  mask: readonly number[],
): PacketTest {
  const matches = ({ bytes }: Packet, offset: number) =>
    address.every((value, index) => ((bytes[offset + index] ?? 0) & (mask[index] ?? 0)) === value)
  const other = address.map((value) => value ^ 0xff)
  return makeTest(
    (packet) =>
      networks.some((network) => {
        const [source, destination] = addressOffsets[network]
        const isSame = packet.etherType === etherTypes[network]
        return isSame && matchEnds(direction, matches(packet, source), matches(packet, destination))
      }),
    (packet) =>
      networks.flatMap((network) => {
        const base = withEtherType(packet, etherTypes[network])
        const [source, destination] = addressOffsets[network]
        return [address, other].flatMap((value) => writeEnds(base, source, destination, value))
      }),
  )
}

export function testPorts(protocols: readonly number[], direction: Direction, first: number, last: number): PacketTest {
  const networks = ['ip', 'ip6'] as const
  const isPort = ({ bytes }: Packet, offset: number) => {
    const port = (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)
    return port >= first && port <= last
  }
  return makeTest(
    (packet) => {
      if (!networks.some((network) => protocols.some((protocol) => hasProtocol(packet, network, protocol))))
        return false
      const transport = findTransport(packet)
      if (transport === undefined) return false
      return matchEnds(direction, isPort(packet, transport), isPort(packet, transport + 2))
    },
    (packet) =>
      networks.flatMap((network) =>
        protocols.flatMap((protocol) => {
          const base = withProtocol(packet, network, protocol)
          const transport = findTransport(base) ?? 0
          return [first, last, (first + last) >> 1, first - 1, last + 1].flatMap((port) =>
            writeEnds(base, transport, transport + 2, [(port >> 8) & 0xff, port & 0xff]),
          )
        }),
      ),
  )
}

function matchEnds(direction: Direction, source: boolean, destination: boolean): boolean {
  if (direction === 'src') return source
  if (direction === 'dst') return destination
  return direction === 'both' ? source && destination : source || destination
}

function writeEnds(packet: Packet, source: number, destination: number, value: readonly number[]): Packet[] {
  const atSource = withBytes(packet, source, value)
  return [atSource, withBytes(packet, destination, value), withBytes(atSource, destination, value)]
}

/** Test whose result is unknown for every packet. */
export const anyTest = makeTest(
  () => undefined,
  () => [],
)
