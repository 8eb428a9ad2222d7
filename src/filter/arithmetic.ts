import type { FilterEnvironment } from './environment.ts'
import { FilterDoubt, FilterError } from './errors.ts'
import { etherTypes, type Layers, networkOf, skipIpHeader, testFirstFragment, testType } from './layers.ts'
import { findType, ipProtocols, testIpProtocol } from './network-tests.ts'
import { after, type Offset, type Packet, readNumber, toBytes, withBytes } from './packet.ts'
import { allOf, type PacketTest, testNumber } from './packet-test.ts'

/** Number that libpcap's code computes for each packet. */
export interface Computed {
  /** Returns the number; undefined if libpcap's code would reject the packet. */
  evaluate(packet: Packet): number | undefined
  /** Reads of the packet's bytes, innermost first. */
  readonly loads: readonly Load[]
  /** Tests before the reads; libpcap keeps only those of the first operand. */
  readonly guards: readonly PacketTest[]
  readonly readsLength: boolean
  /** Numbers in the expression, and results computed from them. */
  readonly constants: readonly number[]
  /** Value of a plain number. */
  readonly constant: number | undefined
  readonly leaves: number
}

interface Load {
  readonly offset: Offset
  readonly size: number
  /** Test for the protocol that the bytes belong to. */
  readonly guard: PacketTest | undefined
}

/** Maximum number of leaves. More could exhaust libpcap's registers, depending on their order. */
const maxLeaves = 12
/** Protocols in libpcap's grammar whose bytes cannot be read. */
const unreadable = 'ah esp stp iso esis isis clnp l1 l2 iih lsp snp csnp psnp ipx netbeui aarp'.split(' ')
const icmp6Protocol = 58

const operations: Readonly<Record<string, (left: number, right: number) => number>> = {
  '|': (left, right) => left | right,
  '&': (left, right) => left & right,
  '^': (left, right) => left ^ right,
  '<<': (left, right) => left << right,
  '>>': (left, right) => left >>> right,
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => Math.imul(left, right),
  '/': (left, right) => Math.floor(left / right),
  '%': (left, right) => left % right,
}
const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
}

export function computeConstant(value: number): Computed {
  const none = { loads: [], guards: [], readsLength: false }
  return { ...none, evaluate: () => value, constants: [value], constant: value, leaves: 1 }
}

export function computeLength(): Computed {
  const none = { loads: [], guards: [], constants: [], constant: undefined }
  return { ...none, evaluate: (packet) => packet.length, readsLength: true, leaves: 1 }
}

/**
 * Returns `protocol[index:size]`.
 * @throws {FilterError} when libpcap refuses the size or the protocol
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function computeLoad(
  protocol: string,
  index: Computed,
  size: number,
  layers: Layers,
  environment: FilterEnvironment,
): Computed {
  if (size !== 1 && size !== 2 && size !== 4) throw new FilterError('data size must be 1, 2, or 4')
  if (unreadable.includes(protocol)) throw new FilterError('unsupported index operation')
  const { start, guard } = findStart(protocol, layers, environment)
  const offset: Offset = (packet) => start(packet) + (index.evaluate(packet) ?? Number.NaN)
  return {
    evaluate: (packet) => readNumber(packet, offset(packet), size),
    loads: [...index.loads, { offset, size, guard }],
    guards: guard === undefined ? index.guards : [...index.guards, guard],
    readsLength: index.readsLength,
    constants: index.constants,
    constant: undefined,
    leaves: index.leaves + 1,
  }
}

/** Returns where the bytes of a protocol begin, and the test that a packet has it. */
function findStart(
  protocol: string,
  layers: Layers,
  { linkType }: FilterEnvironment,
): { readonly start: Offset; readonly guard: PacketTest | undefined } {
  const network = networkOf(layers)
  if (protocol === 'icmp6') {
    const isNext = testNumber(after(network, 6), 1, { low: icmp6Protocol })
    return { start: after(network, 40), guard: allOf(testType(layers, etherTypes.ip6), isNext) }
  }
  const ofIp = ipProtocols[protocol]
  if (ofIp !== undefined) {
    const isProtocol = testIpProtocol(layers, ['ip'], ofIp.number)
    return { start: skipIpHeader(network), guard: allOf(isProtocol, testFirstFragment(network)) }
  }
  if (['ip', 'ip6', 'arp', 'rarp'].includes(protocol))
    return { start: network, guard: testType(layers, findType(protocol) ?? 0) }
  if (linkType === undefined) throw new FilterDoubt()
  if (protocol === 'ether') return { start: layers.link, guard: undefined }
  const type = findType(protocol)
  if (type === undefined) throw new FilterError('radio information not present in capture')
  return { start: network, guard: testType(layers, type) }
}

/**
 * Returns `left operator right`.
 * @throws {FilterError} when libpcap refuses the operation
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function combine(
  operator: string,
  left: Computed,
  right: Computed,
  { isLibpcap110 }: FilterEnvironment,
): Computed {
  const operate = operations[operator]
  requireOperand(operator, right)
  // Check here, not in the comparison: with thousands of operators, each step would copy all earlier ones.
  if (operate === undefined || left.leaves + right.leaves > maxLeaves) throw new FilterDoubt()
  // Their precedence differs between versions, and the oldest have neither.
  if ((operator === '%' || operator === '^') && isLibpcap110 !== true) throw new FilterDoubt()
  const evaluate = (packet: Packet) => {
    const [first, second] = [left.evaluate(packet), right.evaluate(packet)]
    return first === undefined || second === undefined ? undefined : operate(first, second) >>> 0
  }
  const folded =
    left.constant === undefined || right.constant === undefined ? [] : [operate(left.constant, right.constant) >>> 0]
  return {
    evaluate,
    loads: [...left.loads, ...right.loads],
    guards: left.guards,
    readsLength: left.readsLength || right.readsLength,
    constants: [...left.constants, ...right.constants, ...folded],
    constant: undefined,
    leaves: left.leaves + right.leaves,
  }
}

/** Checks the right operand of a division or shift. libpcap is certain to notice an invalid one only if it is a plain number. */
function requireOperand(operator: string, { constant, constants, loads, readsLength }: Computed): void {
  if (!['/', '%', '<<', '>>'].includes(operator)) return
  if (constant === undefined) {
    const isFixed = loads.length === 0 && !readsLength
    if (isFixed && constants.every((value) => value > 0 && value <= 31)) return
    throw new FilterDoubt()
  }
  if (operator === '/' && constant === 0) throw new FilterError('division by zero')
  if (operator === '%' && constant === 0) throw new FilterError('modulus by zero')
  if ((operator === '<<' || operator === '>>') && constant > 31) throw new FilterError('shift by more than 31 bits')
}

export function opposite(value: Computed): Computed {
  return {
    ...value,
    constant: undefined,
    evaluate: (packet) => {
      const found = value.evaluate(packet)
      return found === undefined ? undefined : -found >>> 0
    },
    constants: value.constants.flatMap((number) => [number, -number >>> 0]),
  }
}

/**
 * Returns the test `left operator right`.
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function compare(operator: string, left: Computed, right: Computed): PacketTest {
  const holds = comparisons[operator]
  if (holds === undefined || left.leaves + right.leaves > maxLeaves) throw new FilterDoubt()
  const loads = [...left.loads, ...right.loads]
  const guards = allOf(...left.guards, ...right.guards)
  const protocols = allOf(...loads.flatMap(({ guard }) => guard ?? []))
  const constants = [...new Set([...left.constants, ...right.constants])]
  const values = [0, 0xffffffff, ...constants.flatMap((value) => [value, value + 1, value - 1])]
  const readsLength = left.readsLength || right.readsLength
  const passes = (packet: Packet): boolean | undefined => {
    const isGuarded = guards.passes(packet)
    if (isGuarded !== true) return isGuarded
    const [first, second] = [left.evaluate(packet), right.evaluate(packet)]
    return first === undefined || second === undefined ? undefined : holds(first, second)
  }
  function* propose(base: Packet): Iterable<Packet> {
    yield base
    for (const { offset, size } of loads)
      for (const value of values) yield withBytes(base, offset(base), toBytes(value, size))
    if (readsLength) for (const value of values) yield { ...base, length: value >>> 0 }
  }
  return {
    passes,
    *aim(packet, wanted, search) {
      if (passes(packet) === wanted) yield packet
      if (!wanted) yield* guards.aim(packet, false, search)
      for (const base of protocols.aim(packet, true, search))
        for (const near of propose(base)) {
          if (search.triesLeft-- <= 0) return
          if (passes(near) === wanted) yield near
        }
    },
  }
}
