import type { Packet } from '../../remote/filter-packets.ts'
import type { TappedPacket } from '../traffic/tap.ts'

/** A packet of the demo as filters see it. */
interface TappedView extends Packet {
  readonly tapped: TappedPacket
}

/** `length` is the one on the wire, with the link-layer header. */
export function viewPacket(tapped: TappedPacket, linkHeaderLength: number): TappedView {
  const { etherType, bytes } = tapped
  return { etherType, bytes, length: bytes.length + linkHeaderLength, tapped }
}

export function isTapped(packet: Packet): packet is TappedView {
  return 'tapped' in packet
}
