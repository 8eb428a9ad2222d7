/** What names the cluster of a command line to kubectl and kcap, for lines that are to ask the same one: `--context NAME`, `--kubeconfig FILE`. */
export function readClusterScope(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): string[] {
  return ['kubeconfig', 'context'].flatMap((name) => {
    const value = findValue(argv, `--${name}`) ?? environment[`KCAP_${name.toUpperCase()}`]
    if (value === undefined || value === '') return []
    return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value]
  })
}

/** Of several the last counts. */
function findValue(argv: readonly string[], option: string): string | undefined {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.reduce<string | undefined>((found, word, index) => {
    if (word.startsWith(`${option}=`)) return word.slice(option.length + 1)
    return word === option ? (words[index + 1] ?? found) : found
  }, undefined)
}
