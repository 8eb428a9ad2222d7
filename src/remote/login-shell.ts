import { quoteArgv } from '../base/quote.ts'

/**
 * What every login shell is given, whatever is to be run: sh, bash, dash, ash, zsh, ksh, fish, csh and tcsh read this line alike, and only the `sh`
 * that it starts reads what the first line of standard input holds. `read` takes no byte beyond that line from a pipe. Nothing that
 * comes from a cluster or from the user is ever read by a shell of another language, for which it would be quoted wrongly.
 */
export const loginShellLine = `sh -c 'IFS= read -r x; eval "$(printf %b "$x")"'`

/** An argv as that first line of standard input, which the program takes the place of. */
export function encodeForLoginShell(argv: readonly string[]): string {
  return `exec ${quoteArgv(argv)}`.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').concat('\n')
}
