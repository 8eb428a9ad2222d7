import { etherTypes, type TappedPacket } from '../traffic/tap.ts'

/** What a filter looks at; offsets are within the network-layer packet. */
export interface PacketView {
  readonly packet: TappedPacket
  readonly bytes: Buffer
  readonly isIp: boolean
  readonly isArp: boolean
  /** IP protocol number, -1 for what is not IP. */
  readonly protocol: number
  readonly source: number
  readonly destination: number
  /** Where TCP, UDP or ICMP starts. */
  readonly transportOffset: number
  /** -1 where there are no ports. */
  readonly sourcePort: number
  readonly destinationPort: number
  /** On the wire, with the link-layer header. */
  readonly length: number
}

export type PacketTest = (view: PacketView) => boolean

const protocolsWithPorts: readonly number[] = [6, 17, 132]

export function viewPacket(packet: TappedPacket, linkHeaderLength: number): PacketView {
  const { bytes } = packet
  const isIp = packet.etherType === etherTypes.ipv4
  const transportOffset = isIp ? ((bytes[0] as number) & 0xf) * 4 : bytes.length
  const protocol = isIp ? (bytes[9] as number) : -1
  const hasPorts = protocolsWithPorts.includes(protocol)
  return {
    packet,
    bytes,
    isIp,
    isArp: packet.etherType === etherTypes.arp,
    protocol,
    source: bytes.readUInt32BE(isIp ? 12 : 14),
    destination: bytes.readUInt32BE(isIp ? 16 : 24),
    transportOffset,
    sourcePort: hasPorts ? bytes.readUInt16BE(transportOffset) : -1,
    destinationPort: hasPorts ? bytes.readUInt16BE(transportOffset + 2) : -1,
    length: bytes.length + linkHeaderLength,
  }
}
