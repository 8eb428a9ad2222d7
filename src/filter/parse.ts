import { FilterDoubt, FilterError, syntaxError } from './errors.ts'
import { wirelessWords } from './foreign-words.ts'
import { type FilterItem, type Item, type Place, places } from './places.ts'
import {
  type ArithmeticNode,
  arithmeticOperators,
  type CompiledPart,
  comparisonOperators,
  type Direction,
  type FilterNode,
  type IdNode,
  idTypes,
  operatorsWithoutPrecedence,
  precedenceOf,
  protocols,
  type Qualifiers,
  type Term,
} from './syntax.ts'
import { makeTokenReader, type Token } from './tokens.ts'

const maxDepth = 100
const typesWithoutDirection: readonly string[] = ['proto', 'protochain', 'gateway']
/** Type behind `llc` that is also a keyword. */
const llcKeyword = 'rnr'

export interface Parsed {
  /** Parts of the tree in the order in which libpcap compiles them: as soon as it has read them. */
  readonly parts: readonly CompiledPart[]
  /** Syntax tree, or what stopped the parser behind those parts. */
  readonly tree: FilterNode | FilterError | FilterDoubt
}

/**
 * Parses tokens by libpcap's grammar.y, with its parser generator's choice where two rules fit.
 * https://github.com/the-tcpdump-group/libpcap/blob/master/grammar.y.in
 */
export function parseFilter(tokens: readonly Token[]): Parsed {
  const parts: CompiledPart[] = []
  try {
    return { parts, tree: parseTokens(tokens, parts) }
  } catch (error) {
    if (error instanceof FilterError || error instanceof FilterDoubt) return { parts, tree: error }
    throw error
  }
}

function parseTokens(tokens: readonly Token[], parts: CompiledPart[]): FilterNode {
  const { peek, isAt, take, takeIf, expect } = makeTokenReader(tokens)
  let depth = 0

  function add<Part extends CompiledPart>(part: Part): Part {
    parts.push(part)
    return part
  }

  function parseWhole(): FilterNode {
    const { node } = parseChain(parseOperandNode(places.first, undefined), places.operand)
    if (peek().kind !== 'end') throw syntaxError()
    return node
  }

  /** Parses operands of `and` and `or`, which have equal precedence. */
  function parseChain(first: FilterItem, place: Place): FilterItem {
    let last = first
    let operands = [first.node]
    let joined: 'and' | 'or' = 'and'
    const join = (): FilterNode => {
      const [only] = operands
      return operands.length === 1 && only !== undefined ? only : { kind: 'join', operator: joined, operands }
    }
    for (let operator = takeIf('and', 'or'); operator !== undefined; operator = takeIf('and', 'or')) {
      const wanted = operator === 'and' ? 'and' : 'or'
      // Join once per run of equal operators: a filter may have thousands.
      if (wanted !== joined) operands = [join()]
      joined = wanted
      last = parseOperandNode(place, last.qualifiers)
      operands.push(last.node)
    }
    return { ...last, node: join() }
  }

  function parseItem(place: Place, before: Qualifiers | undefined): Item {
    const item = parseOperand(place, before)
    if ('node' in item || !place.arithmetic) return item
    if (!isAt([...arithmeticOperators, ...comparisonOperators])) return item
    const left = parseOperations(item.value, 0)
    const operator = place.term ? takeIf(...comparisonOperators) : undefined
    if (operator === undefined) return { kind: 'arithmetic', value: left }
    const right = parseOperations(parseValue(), 0)
    return makeTerm({ kind: 'comparison', operator, left, right })
  }

  function parseOperand(place: Place, before: Qualifiers | undefined): Item {
    if (++depth > maxDepth) throw new FilterDoubt()
    const { kind, text, value } = peek()
    let item: Item
    if ((place.term || place.id) && takeIf('not')) item = parseNegation(place, before)
    else if (takeIf('(')) item = parseGroup(place, before)
    else if (kind === 'number') item = { kind, token: take(kind), value: { kind, value } }
    else if (place.id && ['name', 'ipv4', 'ipv6', 'mac'].includes(kind)) item = parseId(before)
    else if (place.arithmetic && takeIf('-'))
      item = { kind: 'arithmetic', value: add({ kind: 'negation', operand: parseValue() }) }
    else if (place.arithmetic && takeIf('len')) item = { kind: 'arithmetic', value: { kind: 'length' } }
    else if (place.arithmetic && isAt(protocols) && isAt(['['], 1)) item = { kind: 'arithmetic', value: parseLoad() }
    else if (place.term && kind === 'keyword' && !['and', 'or', 'mask'].includes(text)) item = parsePrimitive()
    else throw syntaxError()
    depth--
    return item
  }

  function parseNegation(place: Place, before: Qualifiers | undefined): Item {
    const inner = parseOperandNode({ ...place, arithmetic: place.term, group: place.id }, before)
    return { ...inner, node: { kind: 'not', operand: inner.node } }
  }

  function parseGroup(place: Place, before: Qualifiers | undefined): Item {
    let item = parseItem({ ...place, id: place.group, group: false }, before)
    if (isAt(['and', 'or'])) {
      const first = toNode(item, { ...place, id: place.group }, before)
      item = { ...parseChain(first, first.kind === 'term' ? places.operand : places.id), kind: first.kind }
    }
    expect(')')
    return item.kind === 'term' ? { ...item, qualifiers: before } : item
  }

  function parseValue(): ArithmeticNode {
    const item = parseOperand(places.arithmetic, undefined)
    if ('node' in item) throw syntaxError()
    return item.value
  }

  function parseOperations(first: ArithmeticNode, weakest: number): ArithmeticNode {
    let left = first
    for (;;) {
      const precedence = precedenceOf(peek().text)
      if (!isAt(arithmeticOperators) || precedence < weakest) return left
      const operator = take('symbol').text
      let right = parseValue()
      if (operatorsWithoutPrecedence.includes(operator)) right = parseOperations(right, 0)
      while (isAt(arithmeticOperators) && precedenceOf(peek().text) > precedence)
        right = parseOperations(right, precedence + 1)
      left = add({ kind: 'operation', operator, left, right })
    }
  }

  /** Parses `tcp[13:1]`. */
  function parseLoad(): ArithmeticNode {
    const protocol = take('keyword').text
    expect('[')
    const index = parseOperations(parseValue(), 0)
    const size = takeIf(':') === undefined ? 1 : take('number').value
    expect(']')
    return add({ kind: 'load', protocol, index, size })
  }

  function parsePrimitive(): Item {
    const protocol = takeIf(...protocols)
    const direction = parseDirection()
    const type = idTypes.find((name) => isAt([name]))
    if (type !== undefined && direction !== undefined && typesWithoutDirection.includes(type)) throw syntaxError()
    if (type !== undefined) take('keyword')
    if (direction !== undefined || type !== undefined) {
      const qualifiers = { protocol, direction: direction ?? 'either', type: type ?? 'host' }
      return { ...parseOperandNode(places.id, qualifiers), kind: 'term' }
    }
    const group = takeIf('broadcast', 'multicast')
    if (group !== undefined)
      return makeTerm({ kind: 'group', protocol, group: group === 'broadcast' ? 'broadcast' : 'multicast' })
    if (protocol === undefined) return parseOther()
    if (isAt(wirelessWords)) return parseForeign(peek().text)
    return makeTerm({ kind: 'protocol', protocol })
  }

  function parseDirection(): Direction | undefined {
    const first = takeIf('src', 'dst')
    if (first !== 'src' && first !== 'dst') return undefined
    const joint = takeIf('and', 'or')
    if (joint === undefined) return first
    expect(first === 'src' ? 'dst' : 'src')
    return joint === 'and' ? 'both' : 'either'
  }

  function parseOther(): Item {
    const word = take('keyword').text
    switch (word) {
      case 'less':
      case 'greater': {
        const right = { kind: 'number', value: take('number').value } as const
        return makeTerm({
          kind: 'comparison',
          operator: word === 'less' ? '<=' : '>=',
          left: { kind: 'length' },
          right,
        })
      }
      case 'inbound':
      case 'outbound':
      case 'pppoed':
        return makeTerm({ kind: word })
      case 'vlan':
      case 'mpls':
      case 'pppoes':
      case 'geneve':
        return makeTerm({ kind: 'encapsulation', word, number: parseNumberIfAny() })
      case 'ifindex':
        return makeTerm({ kind: 'ifindex', index: take('number').value })
      case 'byte': {
        const position = take('number').value
        const operator = takeIf('&', '|', '<', '>', '=')
        if (operator === undefined) throw syntaxError()
        return makeTerm({ kind: 'byte', position, operator, value: take('number').value })
      }
      case 'llc':
        return makeTerm({
          kind: 'llc',
          type: takeIf(llcKeyword) ?? (peek().kind === 'name' ? take('name').text : undefined),
        })
      default:
        return parseForeign(word)
    }
  }

  /** Stops at a word of another link type, whose grammar is not followed. */
  function parseForeign(word: string): never {
    add({ kind: 'foreign', word })
    throw new FilterDoubt()
  }

  /** Parses the number behind `vlan`, which may have parentheses. */
  function parseNumberIfAny(): number | undefined {
    if (peek().kind !== 'number' && !isAt(['('])) return undefined
    const item = parseOperand(places.number, undefined)
    if (item.kind !== 'number') throw syntaxError()
    return item.token.value
  }

  function parseId(qualifiers: Qualifiers | undefined): Item {
    const token = take(peek().kind)
    const isAddress = token.kind === 'ipv4' || token.kind === 'ipv6'
    const prefix = isAddress && takeIf('/') ? take('number').value : undefined
    const mask = token.kind === 'ipv4' && prefix === undefined && takeIf('mask') ? take('ipv4').text : undefined
    return makeId({ kind: 'id', qualifiers, token, prefix, mask })
  }

  function makeId(node: IdNode): FilterItem {
    return { kind: 'id', node: add(node), qualifiers: node.qualifiers }
  }

  function makeTerm(term: Term): FilterItem {
    return { kind: 'term', node: add(term), qualifiers: undefined }
  }

  function parseOperandNode(place: Place, before: Qualifiers | undefined): FilterItem {
    return toNode(parseItem(place, before), place, before)
  }

  function toNode(item: Item, place: Place, before: Qualifiers | undefined): FilterItem {
    if ('node' in item) return item
    if (item.kind === 'arithmetic' || !place.id) throw syntaxError()
    return makeId({ kind: 'id', qualifiers: before, token: item.token, prefix: undefined, mask: undefined })
  }

  return parseWhole()
}
