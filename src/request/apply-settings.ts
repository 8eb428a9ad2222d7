import { KcapError } from '../base/kcap-error.ts'
import { findNearNames } from '../base/near-names.ts'
import type { Settings } from '../settings/settings.ts'
import { chooseKubeconfig, widenPath } from '../settings/ways-to-clusters.ts'
import type { ParsedArguments } from './parse-arguments.ts'

/** `kcap @orders-prod --duration 60`: the words of that profile in its place. Throws `usage` for one that the config does not have. */
export function expandProfiles(argv: readonly string[], { profiles, file }: Settings): string[] {
  return argv.flatMap((word) => {
    if (!isProfile(word)) return [word]
    const name = word.slice(1)
    const words = profiles.get(name)
    if (words !== undefined) return words
    const near = findNearNames(name, [...profiles.keys()], 3)
    throw new KcapError('usage', `cannot use "${word}": the config has no profile "${name}"`, {
      hints: [...near.map((known) => `@${known}`), `"profiles" in ${file}`],
    })
  })
}

/** No name of a target begins so. */
export function isProfile(word: string): boolean {
  return /^@[^/]+$/.test(word)
}

/** Options with the config's kubeconfig, where none is named; and its folders on this process's PATH. */
export function applySettings<More extends string>(
  parsed: ParsedArguments<More>,
  settings: Settings,
): ParsedArguments<More> {
  widenPath(settings)
  const kubeconfig = chooseKubeconfig(settings)
  if (kubeconfig === undefined) return parsed
  return { ...parsed, text: (name) => parsed.text(name) ?? (name === 'kubeconfig' ? kubeconfig : undefined) }
}
