import type { Packet } from '../../filter/packets.ts'
import type { TappedPacket } from '../traffic/tap.ts'

/** Packet of the demo as filters see it. */
interface TappedView extends Packet {
  readonly tapped: TappedPacket
}

/** Returns a packet as filters see it. `length` is the one on the wire, including the link-layer header. */
export function viewPacket(tapped: TappedPacket, linkHeaderLength: number): TappedView {
  const { etherType, bytes } = tapped
  return { etherType, bytes, length: bytes.length + linkHeaderLength, tapped }
}

export function isTapped(packet: Packet): packet is TappedView {
  return 'tapped' in packet
}
