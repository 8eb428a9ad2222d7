/**
 * Returns what is wrong with a label selector, as the API server judges it (k8s.io/apimachinery/pkg/labels/selector.go, Parse); undefined for a valid
 * one, including an empty one.
 */
export function findSelectorFault(text: string): string | undefined {
  try {
    parse(readTokens(text))
    return undefined
  } catch (error) {
    if (error instanceof SyntaxError) return error.message
    throw error
  }
}

type Token = { readonly kind: 'word' | 'symbol' | 'end'; readonly text: string }

const symbols = ['==', '!=', '!', '=', ',', '(', ')', '<', '>']
const operators = ['in', 'notin', '=', '==', '!=', '<', '>']
const end: Token = { kind: 'end', text: '' }

function readTokens(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at)
    const symbol = symbols.find((one) => rest.startsWith(one))
    const word = /^[^\s=!(),<>]+/.exec(rest)?.[0]
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    at += (symbol ?? word ?? ' ').length
  }
  return tokens
}

function parse(tokens: Token[]): void {
  const next = () => tokens[0] ?? end
  const take = () => tokens.shift() ?? end
  const fail = ({ text }: Token, expected: string): never => {
    throw new SyntaxError(`found "${text}", expected ${expected}`)
  }
  const begins = (token: Token) => token.kind === 'word' || token.text === '!'
  if (next() === end) return
  if (!begins(next())) fail(next(), 'a label, or "!" before one')
  for (;;) {
    const isAbsent = next().text === '!' && take() !== end
    const key = take()
    if (key.kind !== 'word') fail(key, 'a label')
    checkKey(key.text)
    const isBare = next() === end || next().text === ','
    if (!isAbsent && !isBare) parseValues(take, next, fail)
    const separator = take()
    if (separator === end) return
    if (separator.text !== ',') fail(separator, '"," or the end')
    if (!begins(next())) fail(next(), 'a label after ","')
  }
}

function parseValues(take: () => Token, next: () => Token, fail: (token: Token, expected: string) => never): void {
  const operator = take()
  if (!operators.includes(operator.text)) fail(operator, operators.join(', '))
  if (operator.text !== 'in' && operator.text !== 'notin') {
    const isEmpty = next() === end || next().text === ','
    const value = isEmpty ? end : take()
    if (!isEmpty && value.kind !== 'word') fail(value, 'a value')
    checkValue(value.text)
    if (/[<>]/.test(operator.text) && !/^[+-]?\d+$/.test(value.text))
      throw new SyntaxError(`"${value.text}" is no integer`)
    return
  }
  if (next().text !== '(') fail(next(), '"("')
  take()
  for (;;) {
    const isEmpty = next().text === ',' || next().text === ')'
    const value = isEmpty ? end : take()
    if (!isEmpty && value.kind !== 'word') fail(value, 'a value')
    checkValue(value.text)
    const separator = take()
    if (separator.text === ')') return
    if (separator.text !== ',') fail(separator, '"," or ")"')
  }
}

const namePattern = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)$/
const prefixPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function checkKey(key: string): void {
  const [name = '', prefix, ...more] = key.split('/').reverse()
  const isPrefix = prefix === undefined || (prefix.length <= 253 && prefixPattern.test(prefix))
  if (!namePattern.test(name) || !isPrefix || more.length > 0) throw new SyntaxError(`"${key}" is no name of a label`)
}

function checkValue(value: string): void {
  if (value !== '' && !namePattern.test(value)) throw new SyntaxError(`"${value}" is no value of a label`)
}
