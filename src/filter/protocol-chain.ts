import { etherTypes, type Layers, networkOf, skipIpHeader, testType } from './layers.ts'
import { type Packet, readNumber, withBytes } from './packet.ts'
import { allOf, makeTest, type PacketTest } from './packet-test.ts'

const noNextHeader = 59
const authenticationHeader = 51
/** IPv6 headers with their length in units of eight bytes. */
const extensionHeaders: readonly number[] = [0, 43, 44, 60]
/** More headers are a loop, in which libpcap stays. */
const maxHeaders = 100

/** Returns the test for a protocol behind any number of extension headers. */
export function testProtocolChain(layers: Layers, network: 'ip' | 'ip6', protocol: number): PacketTest {
  const start = networkOf(layers)
  const skip = skipIpHeader(start)
  const numberAt = network === 'ip' ? 9 : 6
  const passes = (packet: Packet): boolean | undefined => {
    const begin = start(packet)
    let offset = network === 'ip' ? skip(packet) - begin : 40
    let found = readNumber(packet, begin + numberAt, 1)
    for (let i = 0; i < maxHeaders && found !== undefined; i++) {
      if (found === protocol || found === noNextHeader) return found === protocol
      const isExtension = network === 'ip6' && extensionHeaders.includes(found)
      if (!isExtension && found !== authenticationHeader) return false
      const length = readNumber(packet, begin + offset + 1, 1)
      found = length === undefined ? undefined : readNumber(packet, begin + offset, 1)
      // libpcap counts from the network header, wherever the authentication header is.
      offset = isExtension ? offset + ((length ?? 0) + 1) * 8 : ((length ?? 0) + 2) * 4
    }
    return undefined
  }
  const test = makeTest(passes, (packet) =>
    [protocol, noNextHeader].map((number) => withBytes(packet, start(packet) + numberAt, [number])),
  )
  return allOf(testType(layers, etherTypes[network]), test)
}
