import { FilterError, syntaxError } from './filter-errors.ts'

/** A word of a Linux command line holds 128 KiB, and the filter may travel in an encoded form. */
const maxFilterBytes = 65_536

/**
 * Refuses an expression that cannot be put between parentheses and stay what it is. Every parenthesis is a token of its own to
 * libpcap's scanner, so the pairs alone decide it: `tcp) or (udp` compiles between parentheses, and escapes them.
 * @throws {FilterError} when the parentheses do not match, or the text cannot be an argument of a program
 */
export function requireWholeExpression(expression: string): void {
  if (expression.includes('\0')) throw new FilterError('it contains a NUL character')
  if (Buffer.byteLength(expression) > maxFilterBytes) throw new FilterError(`it is longer than ${maxFilterBytes} bytes`)
  let depth = 0
  for (const [parenthesis] of expression.matchAll(/[()]/g)) {
    depth += parenthesis === '(' ? 1 : -1
    if (depth < 0) throw syntaxError()
  }
  if (depth !== 0) throw syntaxError()
}
