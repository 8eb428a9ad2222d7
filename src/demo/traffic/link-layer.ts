import { linkTypes } from '../../base/link-type.ts'
import type { Scene } from './scene.ts'
import type { TappedPacket } from './tap.ts'

/** Interfaces of a pod, in the order of `tcpdump -D`. */
export type InterfaceName = 'eth0' | 'any' | 'lo'

export const interfaceIndexes = { lo: 1, eth0: 2 } as const
const hardwareTypes = { ethernet: 1, loopback: 772 } as const
const packetTypes = { toUs: 0, broadcast: 1, fromUs: 4 } as const

export interface Framing {
  readonly linkType: number
  readonly headerLength: number
  carries(packet: TappedPacket): boolean
  /** Writes the header at `offset`. */
  write(out: Buffer, offset: number, packet: TappedPacket): void
}

export function makeFraming(interfaceName: InterfaceName, scene: Scene): Framing {
  return interfaceName === 'any' ? makeLinuxCooked(scene) : makeEthernet(interfaceName, scene)
}

/** Returns the Ethernet layer. https://www.tcpdump.org/linktypes/LINKTYPE_ETHERNET.html */
function makeEthernet(interfaceName: 'eth0' | 'lo', scene: Scene): Framing {
  const broadcast = Buffer.alloc(6, 0xff)
  const noAddress = Buffer.alloc(6)
  return {
    linkType: linkTypes.ethernet,
    headerLength: 14,
    carries: (packet) => packet.isLoopback === (interfaceName === 'lo'),
    write(out, offset, packet) {
      const self = packet.isLoopback ? noAddress : scene.self.mac
      const gateway = packet.isLoopback ? noAddress : packet.isBroadcast ? broadcast : scene.gateway.mac
      out.set(packet.isOutgoing ? gateway : self, offset)
      out.set(packet.isOutgoing ? self : gateway, offset + 6)
      out.writeUInt16BE(packet.etherType, offset + 12)
    },
  }
}

/** Returns the Linux cooked layer. https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html */
function makeLinuxCooked(scene: Scene): Framing {
  return {
    linkType: linkTypes.linuxSll2,
    headerLength: 20,
    carries: () => true,
    write(out, offset, packet) {
      out.writeUInt16BE(packet.etherType, offset)
      out.writeUInt16BE(0, offset + 2)
      out.writeUInt32BE(packet.isLoopback ? interfaceIndexes.lo : interfaceIndexes.eth0, offset + 4)
      out.writeUInt16BE(packet.isLoopback ? hardwareTypes.loopback : hardwareTypes.ethernet, offset + 8)
      // libpcap shows loopback packets once, as incoming. Other packets carry the sender's address.
      out[offset + 10] = packet.isLoopback || !packet.isOutgoing ? packetTypes.toUs : packetTypes.fromUs
      out[offset + 11] = 6
      out.fill(0, offset + 12, offset + 20)
      if (!packet.isLoopback) out.set(packet.isOutgoing ? scene.self.mac : scene.gateway.mac, offset + 12)
    },
  }
}
