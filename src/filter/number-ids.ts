import type { FilterEnvironment } from './environment.ts'
import { FilterDoubt, FilterError } from './errors.ts'
import { type Layers, testType } from './layers.ts'
import { ipProtocols, testIpProtocol, testIsis, testIso, testPorts } from './network-tests.ts'
import { anyOf, type PacketTest } from './packet-test.ts'
import { testProtocolChain } from './protocol-chain.ts'
import type { Qualifiers } from './syntax.ts'

const portProtocols: readonly string[] = ['tcp', 'udp', 'sctp']
/** Protocols whose header has the number of another. */
const numberedProtocols: readonly string[] = ['ip', 'ip6', 'iso', 'isis']
const longestLlcType = 1500
const protoRefusals: Readonly<Record<string, string>> = {
  arp: 'arp does not encapsulate another protocol',
  rarp: 'rarp does not encapsulate another protocol',
  lat: 'LAT does not encapsulate another protocol',
  sca: 'SCA does not encapsulate another protocol',
  moprc: 'MOPRC does not encapsulate another protocol',
  mopdl: 'MOPDL does not encapsulate another protocol',
  atalk: 'AppleTalk encapsulation is not specifiable',
  decnet: 'DECNET encapsulation is not specifiable',
  clnp: "'clnp proto' is not supported",
}

/** @throws {FilterError} when a protocol has no ports */
export function requirePortProtocol({ protocol, type }: Qualifiers): void {
  if (protocol !== undefined && !portProtocols.includes(protocol))
    throw new FilterError(`illegal qualifier of '${type}'`)
}

/** @throws {FilterError} when the protocol has no ports, or they are too high */
export function testPortRange(layers: Layers, qualifiers: Qualifiers, first: number, last: number): PacketTest {
  requirePortProtocol(qualifiers)
  const { protocol, direction } = qualifiers
  const wrong = [first, last].find((port) => port > 65_535)
  if (wrong !== undefined) throw new FilterError(`illegal port number ${wrong} > 65535`)
  const numbers = (protocol === undefined ? portProtocols : [protocol]).map((name) => ipProtocols[name]?.number ?? 0)
  return testPorts(layers, numbers, direction, Math.min(first, last), Math.max(first, last))
}

/**
 * Returns the test for a protocol behind extension headers.
 * @throws {FilterError} when libpcap refuses it
 * @throws {FilterDoubt} when only libpcap can judge it: it may be built without such tests
 */
export function testChainNumber(
  layers: Layers,
  protocol: string | undefined,
  value: number,
  { isLibpcap110 }: FilterEnvironment,
): PacketTest {
  if (isLibpcap110 !== true || value > 255) throw new FilterDoubt()
  if (protocol !== undefined && protocol !== 'ip' && protocol !== 'ip6')
    throw new FilterError("bad protocol applied for 'protochain'")
  if (layers.isTunnelled) throw new FilterError("'protochain' not supported with variable length headers")
  const networks: readonly ('ip' | 'ip6')[] = protocol === undefined ? ['ip', 'ip6'] : [protocol]
  return anyOf(...networks.map((network) => testProtocolChain(layers, network, value)))
}

/**
 * Returns the test for a protocol's number in the header of another.
 * @throws {FilterError} when libpcap refuses it
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function testProtocolNumber(
  layers: Layers,
  protocol: string | undefined,
  value: number,
  { linkType, isLibpcap110 }: FilterEnvironment,
): PacketTest {
  if (protocol === 'ether') {
    const isLlc = value <= longestLlcType
    if (value > 0xffff || (isLlc && linkType === undefined)) throw new FilterDoubt()
    return testType(layers, value)
  }
  const refusal = protocol === undefined ? undefined : protoRefusals[protocol]
  if (refusal !== undefined) throw new FilterError(refusal)
  if (protocol !== undefined && !numberedProtocols.includes(protocol))
    throw new FilterError(`'${protocol} proto' is bogus`)
  // libpcap 1.10 compiles a number that no packet has.
  if (value > 255 && isLibpcap110 !== true) throw new FilterDoubt()
  if (protocol === undefined) return testIpProtocol(layers, ['ip', 'ip6'], value)
  if (protocol === 'ip' || protocol === 'ip6') return testIpProtocol(layers, [protocol], value)
  if (linkType === undefined) throw new FilterDoubt()
  return protocol === 'iso' ? testIso(layers, value) : testIsis(layers, value)
}
