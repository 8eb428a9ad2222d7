import type { FilterEnvironment } from '../../filter/environment.ts'
import { FilterError } from '../../filter/errors.ts'
import type { Packet } from '../../filter/packet.ts'
import { readFilter } from '../../filter/read-filter.ts'
import { podNames } from './pod-names.ts'

export type LinkLayer = 'ethernet' | 'cooked'

/** Refusal of rare terms, which may be valid elsewhere; the demo runs no libpcap. */
const unsupported =
  'it is not supported by the demo, which takes host, net, port, portrange, proto, src, dst, ip, ip6, arp, tcp, udp, sctp, icmp, ' +
  'icmp6, less, greater, len, bytes as in tcp[13], inbound, outbound, broadcast, multicast, vlan, mpls, pppoes, and, or, not, parentheses'

/** What libpcap 1.10 knows in a pod; tcpdump takes `any` for an interface with an empty netmask. */
const netmasks: Readonly<Record<LinkLayer, number>> = { ethernet: 0xffffff00, cooked: 0 }

export function podEnvironment(linkLayer: LinkLayer): FilterEnvironment {
  const netmask = netmasks[linkLayer]
  return { linkType: linkLayer, isLive: true, isLibpcap110: true, netmask, names: podNames }
}

/**
 * Compiles a capture filter as a pod's tcpdump does.
 * @throws {FilterError} in libpcap's words, when libpcap refuses the filter
 * @throws {FilterError} with the list of supported terms, when only libpcap could judge it
 */
export function compileFilter(expression: string, linkLayer: LinkLayer): (packet: Packet) => boolean {
  const reading = readFilter(expression, podEnvironment(linkLayer))
  switch (reading.kind) {
    case 'empty':
      return () => true
    case 'test':
      return (packet) => reading.test.passes(packet) === true
    case 'refused':
      throw new FilterError(reading.message)
    case 'unknown':
      throw new FilterError(unsupported)
  }
}
