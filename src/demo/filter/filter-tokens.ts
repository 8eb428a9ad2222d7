/** A filter expression libpcap would refuse; the message is its own. */
export class FilterError extends Error {}

export function syntaxError(): FilterError {
  return new FilterError("can't parse filter expression: syntax error")
}

/** Words, numbers, addresses and operators of a filter expression. */
export function readFilterTokens(text: string): string[] {
  const tokens: string[] = []
  const pattern = /\s*(?:(&&|\|\||[<>!=]=|[()[\]!&|=<>])|(\\?[A-Za-z0-9_.:/-]+))/y
  let end = 0
  while (text.slice(end).trim() !== '') {
    pattern.lastIndex = end
    const match = pattern.exec(text)
    if (match === null) throw syntaxError()
    tokens.push(match[1] ?? match[2] ?? '')
    end = pattern.lastIndex
  }
  return tokens
}

export interface TokenReader {
  peek(offset?: number): string | undefined
  next(): string
}

export function makeTokenReader(tokens: readonly string[]): TokenReader {
  let position = 0
  return {
    peek: (offset = 0) => tokens[position + offset],
    next: () => {
      const token = tokens[position++]
      if (token === undefined) throw syntaxError()
      return token
    },
  }
}
