import { type Tap, tappedEtherTypes } from './tap.ts'

/** Sends "Who has `asked`?" from the pod, and the gateway's answer. https://www.rfc-editor.org/rfc/rfc826 */
export function sendArpExchange(
  tap: Tap,
  atMs: number,
  self: { address: number; mac: Buffer },
  gateway: { address: number; mac: Buffer },
): void {
  const request = formatArp(1, self, { address: gateway.address, mac: Buffer.alloc(6) })
  const reply = formatArp(2, gateway, self)
  const shared = { etherType: tappedEtherTypes.arp, isLoopback: false }
  tap.packets.push({ ...shared, atMs, bytes: request, isOutgoing: true, isBroadcast: true })
  tap.packets.push({ ...shared, atMs: atMs + 0.03, bytes: reply, isOutgoing: false, isBroadcast: false })
}

function formatArp(
  operation: number,
  sender: { address: number; mac: Buffer },
  target: { address: number; mac: Buffer },
): Buffer {
  const packet = Buffer.alloc(28)
  packet.writeUInt16BE(1, 0)
  packet.writeUInt16BE(tappedEtherTypes.ipv4, 2)
  packet[4] = 6
  packet[5] = 4
  packet.writeUInt16BE(operation, 6)
  packet.set(sender.mac, 8)
  packet.writeUInt32BE(sender.address, 14)
  packet.set(target.mac, 18)
  packet.writeUInt32BE(target.address, 24)
  return packet
}
