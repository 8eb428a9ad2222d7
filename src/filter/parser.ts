import {
  type Arithmetic,
  arithmeticOperators,
  combine,
  compare,
  comparisonOperators,
  makeConstant,
  makeLength,
  makeLoad,
  opposite,
  precedenceOf,
  withoutConstant,
} from './arithmetic.ts'
import { FilterDoubt, FilterError, syntaxError } from './errors.ts'
import { type Id, idTypes, lookedUp, makeIdTest, makeProtocolTest, protocols, type Qualifiers } from './ids.ts'
import { anyTest, joinTests, negate, type PacketTest } from './packets.ts'
import { type Item, makeValue, type Place, places, type TestItem } from './places.ts'
import { makeTokenReader, type Token } from './tokens.ts'
import { cookedRefusals, typesWithoutDirection, wirelessWords, wordsAlone, wordsWithNumber } from './words.ts'

const maxTokens = 2_000
const maxDepth = 100

/** Knowledge about the machine that compiles a filter. */
export interface FilterKnowledge {
  /** Whether the interface is `any`, whose packets have no Ethernet header. */
  readonly isCooked?: boolean
  /**
   * Returns the number for a name of a port or a protocol; undefined if it is unknown.
   * @throws {FilterError} when no such name exists
   */
  readonly findNumber?: (type: Qualifiers['type'], name: string) => number | undefined
  /** Returns the test for a term that differs between link types and systems, such as `inbound`; undefined if it is unknown. */
  readonly findTerm?: (term: string) => PacketTest | undefined
}

export interface ParsedFilter {
  /** Test of the whole filter; undefined if part of it is not fully known. */
  readonly test: PacketTest | undefined
  readonly hasNames: boolean
}

/**
 * Parses tokens by libpcap's grammar.y, with its parser generator's choice where two rules fit.
 * https://github.com/the-tcpdump-group/libpcap/blob/master/grammar.y.in
 * @throws {FilterError} when libpcap refuses the filter
 * @throws {FilterDoubt} when only libpcap can continue
 */
export function parseFilterTokens(tokens: readonly Token[], known: FilterKnowledge = {}): ParsedFilter {
  const { peek, isAt, take, takeIf, expect } = makeTokenReader(tokens)
  let depth = 0
  let hasNames = false
  let isKnown = tokens.length <= maxTokens

  function parseFilter(): ParsedFilter {
    const { test } = parseChain(parseTest(places.first, undefined), places.operand)
    if (peek().kind !== 'end') throw syntaxError()
    return { test: isKnown ? test : undefined, hasNames }
  }

  /** Parses operands of `and` and `or`, which have equal precedence. */
  function parseChain(first: TestItem, place: Place): TestItem {
    let last = first
    let parts = [first.test]
    let joined: 'and' | 'or' = 'and'
    const join = (): TestItem => {
      const [only] = parts
      return parts.length === 1 && only !== undefined ? last : { ...last, test: joinTests(joined, parts) }
    }
    for (let operator = takeIf('and', 'or'); operator !== undefined; operator = takeIf('and', 'or')) {
      const wanted = operator === 'and' ? 'and' : 'or'
      // Join once per run of equal operators: a filter may have thousands.
      if (wanted !== joined) parts = [join().test]
      joined = wanted
      last = parseTest(place, last.qualifiers)
      parts.push(last.test)
    }
    return join()
  }

  function parseItem(place: Place, before: Qualifiers | undefined): Item {
    const item = parseOperand(place, before)
    if ('test' in item || !place.arithmetic) return item
    if (!isAt([...arithmeticOperators, ...comparisonOperators])) return item
    const arithmetic = parseOperations(item.arithmetic, 0)
    const operator = place.term ? takeIf(...comparisonOperators) : undefined
    if (operator === undefined) return makeValue(arithmetic)
    const right = parseOperations(parseValue(), 0)
    return makeTerm(() => compare(operator, arithmetic, right))
  }

  function parseOperand(place: Place, before: Qualifiers | undefined): Item {
    if (++depth > maxDepth) throw new FilterDoubt()
    const { kind, text, value } = peek()
    let item: Item
    if ((place.term || place.id) && takeIf('not')) item = parseNegation(place, before)
    else if (takeIf('(')) item = parseGroup(place, before)
    else if (kind === 'number') item = { kind, token: take(kind), arithmetic: makeConstant(value) }
    else if (place.id && ['name', 'ipv4', 'ipv6', 'mac'].includes(kind)) item = parseId(before)
    else if (place.arithmetic && takeIf('-')) item = makeValue(opposite(parseValue()))
    else if (place.arithmetic && takeIf('len')) item = makeValue(makeLength())
    else if (place.arithmetic && isAt(protocols) && isAt(['['], 1)) item = makeValue(parseLoad())
    else if (place.term && kind === 'keyword' && !['and', 'or', 'mask'].includes(text)) item = parsePrimitive()
    else throw syntaxError()
    depth--
    return item
  }

  function parseNegation(place: Place, before: Qualifiers | undefined): Item {
    const { kind, test, qualifiers } = parseTest({ ...place, arithmetic: place.term, group: place.id }, before)
    return { kind, test: negate(test), qualifiers }
  }

  function parseGroup(place: Place, before: Qualifiers | undefined): Item {
    let item = parseItem({ ...place, id: place.group, group: false }, before)
    if (isAt(['and', 'or'])) {
      const first = toTest(item, { ...place, id: place.group }, before)
      item = { ...parseChain(first, first.kind === 'term' ? places.operand : places.id), kind: first.kind }
    }
    expect(')')
    return item.kind === 'term' ? { ...item, qualifiers: before } : item
  }

  function parseValue(): Arithmetic {
    const item = parseOperand(places.arithmetic, undefined)
    if ('test' in item) throw syntaxError()
    return item.arithmetic
  }

  function parseOperations(first: Arithmetic, weakest: number): Arithmetic {
    let left = first
    for (;;) {
      const precedence = precedenceOf(peek().text)
      if (!isAt(arithmeticOperators) || precedence < weakest) return left
      const operator = take('symbol').text
      let right = parseValue()
      while (isAt(arithmeticOperators) && precedenceOf(peek().text) > precedence)
        right = parseOperations(right, precedence + 1)
      const [one, other] = [left, right]
      left = whenKnown(withoutConstant(one), () => combine(operator, one, other))
    }
  }

  /** Parses `tcp[13:1]`. */
  function parseLoad(): Arithmetic {
    const protocol = take('keyword').text
    expect('[')
    const index = parseOperations(parseValue(), 0)
    const size = takeIf(':') === undefined ? 1 : take('number').value
    expect(']')
    return whenKnown(withoutConstant(index), () => makeLoad(protocol, index, size))
  }

  function parsePrimitive(): Item {
    const protocol = takeIf(...protocols)
    const direction = parseDirection()
    const type = idTypes.find((name) => isAt([name]))
    if (type !== undefined && direction !== undefined && typesWithoutDirection.includes(type)) throw syntaxError()
    if (type !== undefined) take('keyword')
    if (direction !== undefined || type !== undefined) {
      const qualifiers = { protocol, direction: direction ?? 'either', type: type ?? 'host' }
      return { ...parseTest(places.id, qualifiers), kind: 'term' }
    }
    if (protocol === undefined) return parseOther()
    const group = takeIf('broadcast', 'multicast')
    if (group !== undefined) {
      if (protocol === 'ether') refuseIfCooked(group)
      return makeTerm(() => findTerm(`${protocol} ${group}`))
    }
    if (isAt(wirelessWords)) throw new FilterDoubt()
    return makeTerm(() => makeProtocolTest(protocol))
  }

  function parseDirection(): Qualifiers['direction'] | undefined {
    const first = takeIf('src', 'dst')
    if (first !== 'src' && first !== 'dst') return undefined
    const joint = takeIf('and', 'or')
    if (joint === undefined) return first
    expect(first === 'src' ? 'dst' : 'src')
    return joint === 'and' ? 'both' : 'either'
  }

  function parseOther(): Item {
    const word = take('keyword').text
    if (word === 'less' || word === 'greater') {
      const { value } = take('number')
      return makeTerm(() => compare(word === 'less' ? '<=' : '>=', makeLength(), makeConstant(value)))
    }
    refuseIfCooked(word)
    if (!wordsAlone.includes(word) && !wordsWithNumber.includes(word)) throw new FilterDoubt()
    if (wordsWithNumber.includes(word) && (peek().kind === 'number' || isAt(['('])))
      parseOperand(places.number, undefined)
    return makeTerm(() => findTerm(word))
  }

  function parseId(qualifiers: Qualifiers | undefined): Item {
    const token = take(peek().kind)
    const isAddress = token.kind === 'ipv4' || token.kind === 'ipv6'
    const prefix = isAddress && takeIf('/') ? take('number').value : undefined
    const mask = token.kind === 'ipv4' && prefix === undefined && takeIf('mask') ? take('ipv4').text : undefined
    return makeIdItem({ token, prefix, mask }, qualifiers)
  }

  function refuseIfCooked(term: string): void {
    const message = known.isCooked === true ? cookedRefusals[term] : undefined
    if (message !== undefined) throw new FilterError(message)
  }

  function makeIdItem(id: Id, qualifiers: Qualifiers | undefined): TestItem {
    const test = whenKnown<PacketTest | typeof lookedUp>(anyTest, () => makeIdTest(qualifiers, id))
    // Any other use of an Ethernet address has already been refused.
    if (id.token.kind === 'mac') refuseIfCooked('ether host')
    if (test === lookedUp) {
      const value = known.findNumber?.(qualifiers?.type ?? 'host', id.token.text)
      if (value !== undefined)
        return makeIdItem({ ...id, token: { kind: 'number', text: id.token.text, value } }, qualifiers)
      hasNames = true
    }
    return { kind: 'id', test: test === lookedUp ? anyTest : test, qualifiers }
  }

  function findTerm(term: string): PacketTest {
    const test = known.findTerm?.(term)
    if (test === undefined) throw new FilterDoubt()
    return test
  }

  function makeTerm(make: () => PacketTest): TestItem {
    return { kind: 'term', test: whenKnown(anyTest, make), qualifiers: undefined }
  }

  function parseTest(place: Place, before: Qualifiers | undefined): TestItem {
    return toTest(parseItem(place, before), place, before)
  }

  function toTest(item: Item, place: Place, before: Qualifiers | undefined): TestItem {
    if ('test' in item) return item
    if (item.kind === 'arithmetic' || !place.id) throw syntaxError()
    return makeIdItem({ token: item.token, prefix: undefined, mask: undefined }, before)
  }

  /** Leaves open what cannot be known; the rest of the filter may still be wrong. */
  function whenKnown<Value>(otherwise: Value, make: () => Value): Value {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof FilterDoubt)) throw error
      isKnown = false
      return otherwise
    }
  }

  return parseFilter()
}
