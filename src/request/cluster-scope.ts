import type { HintScope } from '../base/hint.ts'
import { programWords } from '../host/program-name.ts'

/** Returns the cluster that a command line names, even if the line cannot be parsed. */
export function readClusterScope(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): HintScope {
  const variable = (name: string) => environment[`KCAP_${name.toUpperCase().replaceAll('-', '_')}`] || undefined
  const findAll = (name: string) => {
    const values = findValues(argv, `--${name}`).filter((value) => value !== '')
    return values.length > 0 ? values : [variable(name) ?? []].flat()
  }
  const find = (name: string) => findAll(name).at(-1)
  const impersonation = [
    ...['as', 'as-uid'].flatMap((name) => [find(name) ?? []].flat().map((value) => `--${name}=${value}`)),
    ...findAll('as-group').map((group) => `--as-group=${group}`),
  ]
  return { kubeconfig: find('kubeconfig'), context: find('context'), impersonation, programWords }
}

function findValues(argv: readonly string[], option: string): string[] {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.flatMap((word, index) => {
    if (word.startsWith(`${option}=`)) return [word.slice(option.length + 1)]
    return word === option ? [words[index + 1] ?? []].flat() : []
  })
}
