import { type Computed, combine, compare, computeConstant, computeLength, computeLoad, opposite } from './arithmetic.ts'
import type { FilterEnvironment } from './environment.ts'
import { FilterDoubt, FilterError } from './errors.ts'
import { findForeignRefusal } from './foreign-words.ts'
import { lookedUp, testId } from './ids.ts'
import { etherTypes, outermost, testType } from './layers.ts'
import { enterEncapsulation, testByte, testGroup, testInterface, testLlc, testOutbound } from './link-tests.ts'
import { testProtocolWord } from './network-tests.ts'
import { joinTests, negate, type PacketTest } from './packet-test.ts'
import type { ArithmeticNode, CompiledPart, FilterNode, Term } from './syntax.ts'

export interface CompiledParts {
  /** Test of each term; undefined for one that only libpcap can judge. */
  readonly tests: ReadonlyMap<Term, PacketTest | undefined>
  /** Whether the filter has names that are looked up elsewhere. */
  readonly hasNames: boolean
}

/** Protocols whose recognition is the same on every link type. */
const widelyKnown = 'ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp'.split(' ')

/**
 * Compiles the parts of a filter in their order, as libpcap does: `vlan` moves where the parts behind it look, whatever joins them.
 * @throws {FilterError} when libpcap refuses a part
 */
export function compileParts(parts: readonly CompiledPart[], environment: FilterEnvironment): CompiledParts {
  const tests = new Map<Term, PacketTest | undefined>()
  const numbers = new Map<ArithmeticNode, Computed | undefined>()
  let layers = outermost(environment.linkType ?? 'ethernet')
  let hasNames = false

  for (const part of parts) {
    if (isArithmetic(part))
      numbers.set(
        part,
        whenKnown(() => compute(part)),
      )
    else
      tests.set(
        part,
        whenKnown(() => testTerm(part)),
      )
  }
  return { tests, hasNames }

  function numberOf(node: ArithmeticNode): Computed {
    if (node.kind === 'number') return computeConstant(node.value)
    const computed = node.kind === 'length' ? computeLength() : numbers.get(node)
    if (computed === undefined) throw new FilterDoubt()
    return computed
  }

  function compute(node: ArithmeticNode): Computed {
    switch (node.kind) {
      case 'number':
      case 'length':
        return numberOf(node)
      case 'load':
        return computeLoad(node.protocol, numberOf(node.index), node.size, layers, environment)
      case 'operation':
        return combine(node.operator, numberOf(node.left), numberOf(node.right), environment)
      case 'negation':
        return opposite(numberOf(node.operand))
    }
  }

  function testTerm(term: Term): PacketTest | undefined {
    switch (term.kind) {
      case 'id': {
        const test = testId(term, layers, environment)
        if (test !== lookedUp) return test
        hasNames = true
        return undefined
      }
      case 'protocol':
        return testProtocol(term.protocol)
      case 'comparison':
        return compare(term.operator, numberOf(term.left), numberOf(term.right))
      case 'group':
        return testGroup(term.group, term.protocol, layers, environment)
      case 'outbound':
        return testOutbound(layers, environment)
      case 'inbound':
        return negate(testOutbound(layers, environment))
      case 'pppoed':
        if (environment.linkType === undefined) throw new FilterDoubt()
        return testType(layers, etherTypes.pppoed)
      case 'encapsulation': {
        const { test, inner } = enterEncapsulation(term.word, term.number, layers, environment)
        layers = inner
        return test
      }
      case 'ifindex':
        return testInterface(term.index, layers, environment)
      case 'byte':
        return testByte(term.position, term.operator, term.value, layers, environment)
      case 'llc':
        return testLlc(term.type, layers, environment)
      case 'foreign':
        throw (environment.linkType && makeForeignError(term.word)) ?? new FilterDoubt()
    }
  }

  function testProtocol(protocol: string): PacketTest {
    if (protocol === 'ether') throw new FilterError('link layer applied in wrong context')
    if (environment.linkType === undefined && !widelyKnown.includes(protocol)) throw new FilterDoubt()
    const test = testProtocolWord(layers, protocol)
    if (test === undefined) throw new FilterError("'radio' is not a valid protocol type")
    return test
  }
}

/** Returns the test of a whole filter; undefined if only libpcap can judge a part of it. */
export function assembleTest(tree: FilterNode, tests: CompiledParts['tests']): PacketTest | undefined {
  if (tree.kind === 'not') {
    const operand = assembleTest(tree.operand, tests)
    return operand && negate(operand)
  }
  if (tree.kind !== 'join') return tests.get(tree)
  const operands = tree.operands.map((operand) => assembleTest(operand, tests))
  const known = operands.filter((operand) => operand !== undefined)
  return known.length === operands.length ? joinTests(tree.operator, known) : undefined
}

function isArithmetic(part: CompiledPart): part is ArithmeticNode {
  return ['number', 'length', 'load', 'operation', 'negation'].includes(part.kind)
}

function makeForeignError(word: string): FilterError | undefined {
  const message = findForeignRefusal(word)
  return message === undefined ? undefined : new FilterError(message)
}

/** Leaves open what cannot be known; the rest of the filter may still be wrong. */
function whenKnown<Value>(make: () => Value | undefined): Value | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof FilterDoubt) return undefined
    throw error
  }
}
