import type { FilterEnvironment, FilterNames, NamedService } from './environment.ts'
import { FilterDoubt, FilterError } from './errors.ts'
import { type Layers, testType } from './layers.ts'
import { findIsoNumber, findType, ipProtocols } from './network-tests.ts'
import { requirePortProtocol, testChainNumber, testPortRange, testProtocolNumber } from './number-ids.ts'
import type { PacketTest } from './packet-test.ts'
import type { Qualifiers } from './syntax.ts'

/**
 * Returns the test for an id that is a name; undefined if the name is looked up elsewhere.
 * @throws {FilterError} when libpcap refuses the combination, or there is no such name
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function testNamedId(
  qualifiers: Qualifiers,
  name: string,
  layers: Layers,
  environment: FilterEnvironment,
): PacketTest | undefined {
  const { type, protocol } = qualifiers
  const { names } = environment
  switch (type) {
    case 'port':
      requirePortProtocol(qualifiers)
      return names && testService(layers, qualifiers, name, names)
    case 'portrange':
      return testRange(layers, qualifiers, name, names)
    case 'proto':
      return testProtocolName(layers, protocol, name, environment)
    case 'protochain':
      return testChainName(layers, protocol, name, environment)
    case 'gateway':
      if (environment.isLibpcap110) throw new FilterError("'gateway' not supported in this configuration")
      return undefined
    case 'net':
      return refuseUnknown(names, () => `unknown network '${name}'`)
    case 'host':
      return testHostName(qualifiers, name, layers, environment)
  }
}

function testHostName(
  { protocol }: Qualifiers,
  name: string,
  layers: Layers,
  { linkType, names }: FilterEnvironment,
): undefined {
  // Refused for any address.
  if (protocol !== undefined && protocol in ipProtocols)
    throw new FilterError(names ? `unknown host '${name}'` : `'${protocol}' modifier applied to host`)
  if (protocol === 'decnet')
    return refuseUnknown(names, () => `decnet name support not included, '${name}' cannot be translated`)
  if (protocol !== 'ether') return refuseUnknown(names, () => `unknown host '${name}'`)
  if (linkType !== undefined && layers.kind !== 'ethernet')
    throw new FilterError('only ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel supports link-level host name')
  return refuseUnknown(names, () => `unknown ether host '${name}'`)
}

function testProtocolName(
  layers: Layers,
  protocol: string | undefined,
  name: string,
  environment: FilterEnvironment,
): PacketTest | undefined {
  const { names, linkType } = environment
  if (protocol === 'ether') {
    const type = findType(name)
    if (type === undefined) return refuseUnknown(names, () => `unknown ether proto '${name}'`)
    if (linkType === undefined && !['ip', 'ip6', 'arp', 'rarp'].includes(name)) throw new FilterDoubt()
    return testType(layers, type)
  }
  if (protocol === 'iso') {
    const number = findIsoNumber(name)
    if (number === undefined) throw new FilterError(`unknown osi proto '${name}'`)
    return testProtocolNumber(layers, protocol, number, environment)
  }
  if (protocol !== undefined && protocol !== 'ip' && protocol !== 'ip6')
    return refuseUnknown(names, () => `unknown protocol: ${name}`)
  const number = names?.findProtocol(name)
  if (number === undefined) return refuseUnknown(names, () => `unknown ip proto '${name}'`)
  return testProtocolNumber(layers, protocol, number, environment)
}

function testChainName(
  layers: Layers,
  protocol: string | undefined,
  name: string,
  environment: FilterEnvironment,
): PacketTest | undefined {
  const { names } = environment
  const number = names?.findProtocol(name)
  if (number === undefined) return refuseUnknown(names, () => `unknown ip proto '${name}'`)
  return testChainNumber(layers, protocol, number, environment)
}

function testService(layers: Layers, qualifiers: Qualifiers, name: string, names: FilterNames): PacketTest {
  const service = names.findService(name)
  if (service === undefined) throw new FilterError(`unknown port '${name}'`)
  const protocol = chooseProtocol(qualifiers, [service], `port '${name}'`)
  return testPortRange(layers, { ...qualifiers, protocol }, service.port, service.port)
}

function testRange(
  layers: Layers,
  qualifiers: Qualifiers,
  name: string,
  names: FilterNames | undefined,
): PacketTest | undefined {
  requirePortProtocol(qualifiers)
  const numbers = /^(\d{1,9})-(\d{1,9})$/.exec(name)
  if (numbers !== null) return testPortRange(layers, qualifiers, Number(numbers[1]), Number(numbers[2]))
  if (names === undefined) return undefined
  const dash = name.indexOf('-')
  const ends = (dash < 0 ? [name, name] : [name.slice(0, dash), name.slice(dash + 1)]).map(
    (end): NamedService | undefined =>
      /^\d{1,9}$/.test(end) ? { port: Number(end), protocols: [] } : names.findService(end),
  )
  const [first, last] = ends
  if (first === undefined || last === undefined) throw new FilterError(`unknown port in range '${name}'`)
  const protocol = chooseProtocol(qualifiers, [first, last], `port in range '${name}'`)
  return testPortRange(layers, { ...qualifiers, protocol }, first.port, last.port)
}

/** Returns the protocol that a service restricts its port to, as libpcap does for a service of one protocol. */
function chooseProtocol(
  { protocol }: Qualifiers,
  services: readonly NamedService[],
  what: string,
): Qualifiers['protocol'] {
  const [first, last] = services.map(({ protocols }) => (protocols.length === 1 ? protocols[0] : undefined))
  const only = services.length > 1 && first !== last ? undefined : first
  if (protocol !== undefined && only !== undefined && only !== protocol) throw new FilterError(`${what} is ${only}`)
  return protocol ?? only
}

/** Leaves a name to whoever looks it up; where names are known, there is none. */
function refuseUnknown(names: FilterNames | undefined, makeMessage: () => string): undefined {
  if (names !== undefined) throw new FilterError(makeMessage())
  return undefined
}
