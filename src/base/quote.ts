/**
 * One word for a POSIX shell. The only function of the house through which anything reaches a shell. Words of harmless
 * characters stay bare, so that a command shown to people reads as they would type it.
 */
export function quote(word: string): string {
  if (/^[A-Za-z0-9_/.,:=@%+-]+$/.test(word)) return word
  // A NUL can't be in an argument of any process; execve would cut the word there.
  return `'${word.replaceAll('\0', '').replaceAll("'", "'\\''")}'`
}

/** An argv as one command line for a POSIX shell. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}
