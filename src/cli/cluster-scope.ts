import type { HintScope } from '../base/hint.ts'

/** The cluster that a command line names, also when it can't be parsed. */
export function readClusterScope(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): HintScope {
  const find = (name: string) => findValue(argv, `--${name}`) || environment[`KCAP_${name.toUpperCase()}`] || undefined
  return { kubeconfig: find('kubeconfig'), context: find('context') }
}

/** Returns the value of an option; the last one counts. */
function findValue(argv: readonly string[], option: string): string | undefined {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.reduce<string | undefined>((found, word, index) => {
    if (word.startsWith(`${option}=`)) return word.slice(option.length + 1)
    return word === option ? (words[index + 1] ?? found) : found
  }, undefined)
}
