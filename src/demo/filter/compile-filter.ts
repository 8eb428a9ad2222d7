import { FilterDoubt, FilterError } from '../../filter/errors.ts'
import { makeTest, type PacketTest } from '../../filter/packets.ts'
import { parseFilterTokens } from '../../filter/parser.ts'
import { readFilterTokens } from '../../filter/tokens.ts'
import type { TappedPacket } from '../traffic/tap.ts'
import { findNumber } from './service-numbers.ts'
import { isTapped, viewPacket } from './view-packet.ts'

export type LinkLayer = 'ethernet' | 'cooked'

/** Refusal of rarer terms, which may be valid elsewhere; the demo runs no libpcap. */
const unsupported =
  'it is not supported by the demo, which takes host, net, port, portrange, proto, src, dst, ip, ip6, arp, tcp, udp, sctp, icmp, ' +
  'icmp6, less, greater, len, bytes as in tcp[13], inbound, outbound, broadcast, multicast, and, or, not, parentheses'

const linkHeaderLengths: Readonly<Record<LinkLayer, number>> = { ethernet: 14, cooked: 20 }

/** Terms that depend on more than a packet's bytes. The demo's only multicast is broadcast. */
const terms: ReadonlyMap<string, (packet: TappedPacket) => boolean> = new Map([
  ['inbound', ({ isOutgoing }: TappedPacket) => !isOutgoing],
  ['outbound', ({ isOutgoing }: TappedPacket) => isOutgoing],
  ['broadcast', ({ isBroadcast }: TappedPacket) => isBroadcast],
  ['multicast', ({ isBroadcast }: TappedPacket) => isBroadcast],
  ['ether broadcast', ({ isBroadcast }: TappedPacket) => isBroadcast],
  ['ether multicast', ({ isBroadcast }: TappedPacket) => isBroadcast],
])

/**
 * Compiles a capture filter by libpcap's grammar, as far as kcap knows it. https://www.tcpdump.org/manpages/pcap-filter.7.html
 * @throws {FilterError} in libpcap's words, when libpcap refuses the filter
 * @throws {FilterError} with the list of supported terms, when the demo does not support it
 */
export function compileFilter(expression: string, linkLayer: LinkLayer): (packet: TappedPacket) => boolean {
  const tokens = readFilterTokens(expression)
  if (tokens.length === 0) return () => true
  const test = parseKnown(
    () => parseFilterTokens(tokens, { isCooked: linkLayer === 'cooked', findNumber, findTerm }).test,
  )
  const headerLength = linkHeaderLengths[linkLayer]
  return (packet) => test.passes(viewPacket(packet, headerLength)) === true
}

function parseKnown(parse: () => PacketTest | undefined): PacketTest {
  try {
    const test = parse()
    if (test !== undefined) return test
  } catch (error) {
    if (!(error instanceof FilterDoubt)) throw error
  }
  throw new FilterError(unsupported)
}

function findTerm(term: string): PacketTest | undefined {
  const passes = terms.get(term)
  if (passes === undefined) return undefined
  return makeTest(
    (packet) => (isTapped(packet) ? passes(packet.tapped) : undefined),
    () => [],
  )
}
