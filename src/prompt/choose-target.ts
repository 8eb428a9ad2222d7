import type { ClusterScope } from '../base/target.ts'

/** What is captured where no target is named: what a person chooses, else the config's. undefined: neither is there. */
export async function chooseTarget(
  scope: ClusterScope,
  { isTerminal, defaultTarget }: { readonly isTerminal: boolean; readonly defaultTarget: string | undefined },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!isTerminal) return defaultTarget
  // Loaded for people only.
  const { pickTarget } = await import('./pick-target.ts')
  return await pickTarget(scope, signal)
}
