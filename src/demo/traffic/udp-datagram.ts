import { ipv4HeaderLength, makeIpv4Packet, protocolNumbers, transportChecksum } from './ipv4.ts'
import { type Ends, type Tap, tappedEtherTypes } from './tap.ts'

const udpHeaderLength = 8

/** Sends a datagram. Returns the whole IP packet, which an ICMP error may have to quote. https://www.rfc-editor.org/rfc/rfc768 */
export function sendDatagram(tap: Tap, ends: Ends, from: 'client' | 'server', atMs: number, data: Buffer): Buffer {
  const source = ends[from]
  const destination = ends[from === 'client' ? 'server' : 'client']
  const packet = makeIpv4Packet(
    {
      protocol: protocolNumbers.udp,
      source: source.address,
      destination: destination.address,
      identification: tap.random.integer(0x10000),
      ttl: source.ttl,
    },
    udpHeaderLength + data.length,
  )
  const at = ipv4HeaderLength
  packet.writeUInt16BE(source.port, at)
  packet.writeUInt16BE(destination.port, at + 2)
  packet.writeUInt16BE(udpHeaderLength + data.length, at + 4)
  packet.writeUInt16BE(0, at + 6)
  packet.set(data, at + udpHeaderLength)
  // 0 means "no checksum", so a sum of 0 is sent as its complement.
  packet.writeUInt16BE(transportChecksum(packet) || 0xffff, at + 6)
  tap.packets.push({
    atMs,
    etherType: tappedEtherTypes.ipv4,
    bytes: packet,
    isOutgoing: from === ends.self,
    isBroadcast: false,
    isLoopback: ends.isLoopback ?? false,
  })
  return packet
}
