import { KcapError } from '../base/kcap-error.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import { chooseKubeconfig, widenPath } from '../settings/cluster-settings.ts'
import type { Settings } from '../settings/settings.ts'
import type { ParsedArguments } from './parse-arguments.ts'

/**
 * Replaces profiles by their words: `kcap @orders-prod --duration 60`.
 * @throws {KcapError} usage — when the config has no such profile
 */
export function expandProfiles(argv: readonly string[], { profiles, file }: Settings): string[] {
  return argv.flatMap((word) => {
    if (!isProfile(word)) return [word]
    const name = word.slice(1)
    const words = profiles.get(name)
    if (words !== undefined) return words
    const near = findSimilarNames(name, [...profiles.keys()], 3)
    throw new KcapError('usage', `cannot use "${word}": the config has no profile "${name}"`, {
      hints: [...near.map((known) => `@${known}`), `"profiles" in ${file}`],
    })
  })
}

/** Returns whether a word names a profile; no target's name has this form. */
export function isProfile(word: string): boolean {
  return /^@[^/]+$/.test(word)
}

/** Returns the options with the config's kubeconfig, if none is named. Adds the config's folders to this process's PATH. */
export function applySettings<More extends string>(
  parsed: ParsedArguments<More>,
  settings: Settings,
): ParsedArguments<More> {
  widenPath(settings)
  const kubeconfig = chooseKubeconfig(settings)
  if (kubeconfig === undefined) return parsed
  return { ...parsed, text: (name) => parsed.text(name) ?? (name === 'kubeconfig' ? kubeconfig : undefined) }
}
