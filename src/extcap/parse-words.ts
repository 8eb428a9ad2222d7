/** Parses Wireshark's own words, `--x=v` or `--x v`, without loading the option parser. */
export function parseWords(argv: readonly string[]): Map<string, string> {
  const words = new Map<string, string>()
  argv.forEach((word, index) => {
    if (!word.startsWith('--')) return
    const equals = word.indexOf('=')
    if (equals > 0) words.set(word.slice(2, equals), word.slice(equals + 1))
    else words.set(word.slice(2), argv[index + 1] ?? '')
  })
  return words
}
