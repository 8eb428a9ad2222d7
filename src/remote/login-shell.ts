import { quoteArgv } from '../base/quote.ts'

/**
 * Command line for every login shell: sh, bash, dash, ash, zsh, ksh, fish, csh and tcsh read it alike. Only the `sh` that it starts reads the first
 * line of standard input. From a pipe, `read` takes no byte beyond that line. Text from a cluster or the user never reaches a shell of another
 * language, for which its quoting would be wrong.
 */
export const loginShellLine = makeShellLine('sh')

/** Command line for an account whose PATH contains no `sh`. A restricted shell accepts no name with a slash. */
export const pathlessShellLine = makeShellLine('/bin/sh')

function makeShellLine(shell: string): string {
  return `${shell} -c 'IFS= read -r x; eval "$(printf %b "$x")"'`
}

/** Returns whether an error of any known login shell means that it found no `sh`. */
export function lacksShell(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /(^|: )sh: (command )?not found\.?$|command not found: sh$|Unknown command:? '?sh'?$/i.test(line.trim()),
  )
}

/** Mark between a profile's output and the program's. The command line does not contain it, because a shell may echo that line. */
export const loginShellMark = 'kcap-begins\n'
const printMark = "printf 'kcap-%s\\n' begins"
/** Shell text that adds the standard folders to a PATH broken by a profile. */
const completePath = `PATH=\${PATH:+$PATH:}/usr/bin:/bin; export PATH; `

/** Encodes an argv as the first line of standard input for a shell line. The program replaces the shell. */
export function encodeForLoginShell(argv: readonly string[], shellLine: string): string {
  const path = shellLine === pathlessShellLine ? completePath : ''
  return `${printMark}; ${path}exec ${quoteArgv(argv)}`.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').concat('\n')
}
