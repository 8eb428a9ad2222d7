import type { ClusterScope } from '../base/target.ts'
import type { Choice } from './choice.ts'

/**
 * Returns the targets of a command line that names none: a person's choice, or the config's default without a terminal. Returns undefined if there is
 * neither.
 */
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
