import type { ClusterScope } from '../base/target.ts'
import type { Choice } from './choice.ts'

/** Returns what is captured where no target is named: what a person chooses, else the config's; undefined when there is neither. */
export async function chooseTargets(
  typed: ClusterScope,
  { isTerminal, defaultTarget }: { readonly isTerminal: boolean; readonly defaultTarget: string | undefined },
  signal: AbortSignal,
): Promise<Choice | undefined> {
  if (!isTerminal) return defaultTarget === undefined ? undefined : { words: [defaultTarget], options: {} }
  // Loaded for people only.
  const { pickTargets } = await import('./pick-targets.ts')
  return await pickTargets(typed, signal)
}
