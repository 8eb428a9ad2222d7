import { FilterError, syntaxError } from './errors.ts'

/** Length limit of a filter. A word of a Linux command line holds 128 KiB, and the filter may travel in an encoded form. */
const maxFilterBytes = 65_536

/**
 * Checks that an expression keeps its meaning between parentheses. libpcap's scanner makes every parenthesis its own token, so matching pairs are
 * enough: `tcp) or (udp` compiles between parentheses, but escapes them.
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
