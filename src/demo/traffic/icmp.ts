import { sumWords, toChecksum } from './internet-checksum.ts'
import { ipv4HeaderLength, makeIpv4Packet, protocolNumbers } from './ipv4.ts'
import { type Host, type Tap, tappedEtherTypes } from './tap.ts'

const icmpHeaderLength = 8

/** Sends "destination unreachable, port unreachable", which quotes the packet that caused it. https://www.rfc-editor.org/rfc/rfc792 */
export function sendPortUnreachable(
  tap: Tap,
  from: Host,
  to: Host,
  atMs: number,
  about: Buffer,
  isOutgoing: boolean,
): void {
  const packet = makeIpv4Packet(
    {
      protocol: protocolNumbers.icmp,
      source: from.address,
      destination: to.address,
      identification: tap.random.integer(0x10000),
      ttl: from.ttl,
    },
    icmpHeaderLength + about.length,
  )
  const at = ipv4HeaderLength
  packet.fill(0, at, at + icmpHeaderLength)
  packet[at] = 3
  packet[at + 1] = 3
  packet.set(about, at + icmpHeaderLength)
  packet.writeUInt16BE(toChecksum(sumWords(packet, at, packet.length)), at + 2)
  tap.packets.push({
    atMs,
    etherType: tappedEtherTypes.ipv4,
    bytes: packet,
    isOutgoing,
    isBroadcast: false,
    isLoopback: false,
  })
}
