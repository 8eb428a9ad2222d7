import type { FilterEnvironment } from './environment.ts'
import { etherTypes, outermost } from './layers.ts'
import { type Packet, toBytes, withBytes } from './packet.ts'
import type { PacketTest } from './packet-test.ts'

const frameBytes = 300
const maxTries = 2_000

/**
 * Returns whether a packet that passes was found. libpcap refuses a filter if its optimizer sees that it rejects all packets; a filter that some packet
 * passes is safe from that.
 */
export function findPassingPacket(test: PacketTest, environment: FilterEnvironment): boolean {
  const search = { triesLeft: maxTries }
  for (const packet of test.aim(makeIpPacket(environment), true, search)) {
    if (test.passes(packet) === true) return true
    if (search.triesLeft <= 0) return false
  }
  return false
}

function makeIpPacket({ linkType = 'ethernet' }: FilterEnvironment): Packet {
  const { type, payload } = outermost(linkType)
  const empty: Packet = { frame: new Uint8Array(frameBytes), length: frameBytes }
  const typed = withBytes(empty, type(empty), toBytes(etherTypes.ip, 2))
  return withBytes(typed, payload(typed), [0x45])
}
