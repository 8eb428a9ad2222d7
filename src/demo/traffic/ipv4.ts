import { sumWords, toChecksum } from './internet-checksum.ts'

/** Length of an IPv4 header without options. https://www.rfc-editor.org/rfc/rfc791 */
export const ipv4HeaderLength = 20
export const protocolNumbers = { icmp: 1, tcp: 6, udp: 17 } as const

export interface Ipv4Header {
  readonly protocol: number
  readonly source: number
  readonly destination: number
  readonly identification: number
  readonly ttl: number
}

/** Returns a packet with a complete header and room for `length` bytes of payload. */
export function makeIpv4Packet(header: Ipv4Header, length: number): Buffer {
  const packet = Buffer.allocUnsafe(ipv4HeaderLength + length)
  packet[0] = 0x45
  packet[1] = 0
  packet.writeUInt16BE(packet.length, 2)
  packet.writeUInt16BE(header.identification & 0xffff, 4)
  packet.writeUInt16BE(0x4000, 6) // don't fragment
  packet[8] = header.ttl
  packet[9] = header.protocol
  packet.writeUInt16BE(0, 10)
  packet.writeUInt32BE(header.source, 12)
  packet.writeUInt32BE(header.destination, 16)
  packet.writeUInt16BE(toChecksum(sumWords(packet, 0, ipv4HeaderLength)), 10)
  return packet
}

/** Returns the checksum of TCP or UDP over the pseudo header and everything behind the IP header. The checksum field must be 0. */
export function transportChecksum(packet: Buffer): number {
  const pseudoHeader = sumWords(packet, 12, 20) + (packet[9] as number) + (packet.length - ipv4HeaderLength)
  return toChecksum(sumWords(packet, ipv4HeaderLength, packet.length, pseudoHeader))
}

export function parseIpv4Address(text: string): number {
  return text.split('.').reduce((address, part) => address * 256 + Number(part), 0)
}
