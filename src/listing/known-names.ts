import { findUserFolders } from '../host/user-folders.ts'
import type { Kubeconfig } from '../kube/kubeconfig.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { defaultSettings, type ListSettings, type Settings } from '../settings/settings.ts'
import type { ClusterNames } from './cluster-names.ts'
import { openNamesCache } from './names-cache.ts'
import { namesKey } from './names-key.ts'
import { startRefresh } from './refresh.ts'

/** What a person may type, whatever Wireshark's list is narrowed to. */
export const completionList: ListSettings = {
  contexts: undefined,
  namespaces: undefined,
  selector: undefined,
  maxPods: 5_000,
}

/** A second Tab may follow at once, a rollout takes longer. */
const freshMs = 20_000

/**
 * What is known of a context's cluster, as it answered at last; never asks it. What is not fresh is refreshed behind the shell's back,
 * for the next Tab; until then Wireshark's list serves.
 */
export async function readKnownNames(
  config: Kubeconfig,
  context: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ClusterNames | undefined> {
  const cache = openNamesCache(findUserFolders(environment).cache)
  const key = namesKey(config, context, completionList)
  const ageMs = Date.now() - (cache.writtenMs(key) ?? Number.NEGATIVE_INFINITY)
  if (!(ageMs >= 0 && ageMs < freshMs)) startRefresh(environment, context)
  const own = cache.read(key)?.names
  if (own !== undefined) return own
  const { list } = await loadSettings(environment).catch((): Settings => defaultSettings(''))
  return cache.read(namesKey(config, context, list))?.names
}
