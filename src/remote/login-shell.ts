import { quoteArgv } from '../base/quote.ts'

/**
 * Command line for every login shell: sh, bash, dash, ash, zsh, ksh, fish, csh and tcsh read it alike, and only the `sh`
 * that it starts reads the first line of standard input. `read` takes no byte beyond that line from a pipe. Nothing that
 * comes from a cluster or from the user is ever read by a shell of another language, for which it would be quoted wrongly.
 */
export const loginShellLine = `sh -c 'IFS= read -r x; eval "$(printf %b "$x")"'`

/** An argv as that first line of standard input, which the program takes the place of. */
export function encodeForLoginShell(argv: readonly string[]): string {
  return `exec ${quoteArgv(argv)}`.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').concat('\n')
}
