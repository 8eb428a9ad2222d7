import { FilterDoubt, FilterError } from './errors.ts'
import {
  etherTypes,
  findTransport,
  hasProtocol,
  makeTest,
  type Packet,
  type PacketTest,
  withBytes,
  withEtherType,
  withProtocol,
} from './packets.ts'

/** Arithmetic expression on a packet's bytes and length: `tcp[13] & 7`. */
export interface Arithmetic {
  /** Returns the value; undefined if libpcap's code would reject the packet. */
  evaluate(packet: Packet): number | undefined
  /** Reads of the packet's bytes, innermost first. */
  readonly loads: readonly Load[]
  /** Loads whose protocol the code checks before reading; libpcap keeps only the first ones. */
  readonly guards: readonly Load[]
  readonly readsLength: boolean
  /** Numbers in the expression, and results computed from them. */
  readonly constants: readonly number[]
  /** Value of a plain number. */
  readonly constant: number | undefined
  readonly leaves: number
}

interface Load {
  readonly size: number
  /** Returns the offset to read at; undefined for a packet without the protocol. */
  locate(packet: Packet): number | undefined
  addProtocol(packet: Packet): Packet
}

/** Maximum number of leaves. More could exhaust libpcap's registers, depending on their order. */
const maxLeaves = 12
/** IP protocol numbers of the protocols whose header an index counts from. */
const transports: Readonly<Record<string, number>> = {
  ...{ icmp: 1, igmp: 2, tcp: 6, igrp: 9, udp: 17, pim: 103, vrrp: 112, carp: 112, sctp: 132 },
}
const icmp6Protocol = 58
/** Protocols in libpcap's grammar whose bytes cannot be read. */
const unreadable = ['ah', 'esp', 'stp']

const operations: Readonly<Record<string, (left: number, right: number) => number>> = {
  '|': (left, right) => left | right,
  '&': (left, right) => left & right,
  '<<': (left, right) => left << right,
  '>>': (left, right) => left >>> right,
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => Math.imul(left, right),
  '/': (left, right) => Math.floor(left / right),
}
const precedences: readonly string[][] = [['|', '%', '^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/']]

export const arithmeticOperators: readonly string[] = [...Object.keys(operations), '%', '^']

/** Returns an operator's precedence. That of `%` and `^` differs between versions of libpcap; `combine` accepts neither. */
export function precedenceOf(operator: string): number {
  return precedences.findIndex((group) => group.includes(operator))
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
}
export const comparisonOperators: readonly string[] = Object.keys(comparisons)

export function makeConstant(value: number): Arithmetic {
  const none = { loads: [], guards: [], readsLength: false }
  return { ...none, evaluate: () => value, constants: [value], constant: value, leaves: 1 }
}

export function makeLength(): Arithmetic {
  const none = { loads: [], guards: [], constants: [], constant: undefined }
  return { ...none, evaluate: (packet) => packet.length, readsLength: true, leaves: 1 }
}

/**
 * Returns `protocol[index:size]`.
 * @throws {FilterError} when libpcap refuses the size or the protocol
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function makeLoad(protocol: string, index: Arithmetic, size: number): Arithmetic {
  if (size !== 1 && size !== 2 && size !== 4) throw new FilterError('data size must be 1, 2, or 4')
  if (unreadable.includes(protocol)) throw new FilterError('unsupported index operation')
  const layer = findLayer(protocol)
  const load: Load = {
    size,
    addProtocol: layer.addProtocol,
    locate: (packet) => {
      const [start, offset] = [layer.locate(packet), index.evaluate(packet)]
      return start === undefined || offset === undefined ? undefined : start + offset
    },
  }
  return {
    evaluate: (packet) => {
      const position = load.locate(packet)
      if (position === undefined || position + size > packet.bytes.length) return undefined
      const bytes = packet.bytes.subarray(position, position + size)
      return bytes.reduce((value, byte) => value * 256 + byte, 0)
    },
    loads: [...index.loads, load],
    guards: [...index.guards, load],
    readsLength: index.readsLength,
    constants: index.constants,
    constant: undefined,
    leaves: index.leaves + 1,
  }
}

function findLayer(protocol: string): Pick<Load, 'locate' | 'addProtocol'> {
  if (protocol === 'icmp6') {
    return {
      locate: (packet) => (hasProtocol(packet, 'ip6', icmp6Protocol) ? findTransport(packet) : undefined),
      addProtocol: (packet) => withProtocol(packet, 'ip6', icmp6Protocol),
    }
  }
  const number = transports[protocol]
  if (number !== undefined) {
    return {
      locate: (packet) => (hasProtocol(packet, 'ip', number) ? findTransport(packet) : undefined),
      addProtocol: (packet) => withBytes(withProtocol(packet, 'ip', number), 6, [0, 0]),
    }
  }
  const etherType = new Map<string, number>(Object.entries(etherTypes)).get(protocol)
  if (etherType === undefined) throw new FilterDoubt()
  return {
    locate: (packet) => (packet.etherType === etherType ? 0 : undefined),
    addProtocol: (packet) => withEtherType(packet, etherType),
  }
}

/**
 * Returns `left operator right`.
 * @throws {FilterError} when libpcap refuses the operation
 * @throws {FilterDoubt} when only libpcap can judge it
 */
export function combine(operator: string, left: Arithmetic, right: Arithmetic): Arithmetic {
  const operate = operations[operator]
  requireOperand(operator, right)
  // Check here, not in the comparison: with thousands of operators, each step would copy all earlier ones.
  if (operate === undefined || left.leaves + right.leaves > maxLeaves) throw new FilterDoubt()
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
function requireOperand(operator: string, { constant }: Arithmetic): void {
  if (!['/', '%', '<<', '>>'].includes(operator)) return
  if (constant === undefined) throw new FilterDoubt()
  if (operator === '/' && constant === 0) throw new FilterError('division by zero')
  if (operator === '%' && constant === 0) throw new FilterError('modulus by zero')
  if ((operator === '<<' || operator === '>>') && constant > 31) throw new FilterError('shift by more than 31 bits')
}

export function opposite(value: Arithmetic): Arithmetic {
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
export function compare(operator: string, left: Arithmetic, right: Arithmetic): PacketTest {
  const holds = comparisons[operator]
  if (holds === undefined || left.leaves + right.leaves > maxLeaves) throw new FilterDoubt()
  const loads = [...left.loads, ...right.loads]
  const guards = [...left.guards, ...right.guards]
  const constants = [...new Set([...left.constants, ...right.constants])]
  const values = [0, 0xffffffff, ...constants.flatMap((value) => [value, value + 1, value - 1])]
  return makeTest(
    (packet) => {
      if (guards.some((load) => load.locate(packet) === undefined)) return false
      const [first, second] = [left.evaluate(packet), right.evaluate(packet)]
      return first === undefined || second === undefined ? undefined : holds(first, second)
    },
    (packet) => {
      const base = loads.reduce((near, load) => load.addProtocol(near), packet)
      const withLoads = loads.flatMap((load) => values.map((value) => writeLoad(base, load, value)))
      const readsLength = left.readsLength || right.readsLength
      return [base, ...withLoads, ...(readsLength ? values.map((value) => ({ ...base, length: value >>> 0 })) : [])]
    },
  )
}

function writeLoad(packet: Packet, load: Load, value: number): Packet {
  const position = load.locate(packet)
  if (position === undefined) return packet
  const bytes = [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff)
  return withBytes(packet, position, bytes.slice(4 - load.size))
}

/** Returns the value as one that libpcap computes for each packet. */
export function withoutConstant(value: Arithmetic): Arithmetic {
  return { ...value, constant: undefined }
}
