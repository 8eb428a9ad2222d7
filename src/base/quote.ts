/**
 * Quotes one word for a POSIX shell. Nothing reaches a shell except through this function. Words of harmless characters stay bare, so a command shown
 * to people reads as they would type it.
 */
export function quote(word: string): string {
  if (/^[A-Za-z0-9_/.,:=@%+-]+$/.test(word)) return word
  // No process can have a NUL in an argument; execve would cut the word there.
  return `'${word.replaceAll('\0', '').replaceAll("'", "'\\''")}'`
}

/** Returns an argv as one command line for a POSIX shell. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}
