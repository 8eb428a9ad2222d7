import { quoteArgv } from '../base/quote.ts'

/**
 * Command line for every login shell: sh, bash, dash, ash, zsh, ksh, fish, csh and tcsh read it alike, and only the `sh`
 * that it starts reads the first line of standard input. `read` takes no byte beyond that line from a pipe. Nothing that
 * comes from a cluster or from the user is ever read by a shell of another language, for which it would be quoted wrongly.
 */
export const loginShellLine = makeShellLine('sh')

/** Shell line for an account whose PATH contains no `sh`. A restricted shell accepts no name with a slash. */
export const pathlessShellLine = makeShellLine('/bin/sh')

function makeShellLine(shell: string): string {
  return `${shell} -c 'IFS= read -r x; eval "$(printf %b "$x")"'`
}

/** Reports whether an error of any known login shell means that it finds no `sh`. */
export function lacksShell(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /(^|: )sh: (command )?not found\.?$|command not found: sh$|Unknown command:? '?sh'?$/i.test(line.trim()),
  )
}

/** Separates a profile's output from the program's. The command line does not contain it, because a shell may echo that line. */
export const loginShellMark = 'kcap-begins\n'
const printMark = "printf 'kcap-%s\\n' begins"
/** Adds the standard folders to a PATH that a profile has broken. */
const completePath = `PATH=\${PATH:+$PATH:}/usr/bin:/bin; export PATH; `

/** Returns an argv as the first line of standard input for a shell line. The program replaces the shell. */
export function encodeForLoginShell(argv: readonly string[], shellLine: string): string {
  const path = shellLine === pathlessShellLine ? completePath : ''
  return `${printMark}; ${path}exec ${quoteArgv(argv)}`.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').concat('\n')
}
