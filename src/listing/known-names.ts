import { findUserFolders } from '../host/user-folders.ts'
import type { Kubeconfig } from '../kube/kubeconfig.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { defaultSettings, type ListSettings, type Settings } from '../settings/settings.ts'
import type { ClusterNames } from './cluster-names.ts'
import { openNamesCache } from './names-cache.ts'
import { namesKey } from './names-key.ts'
import { startRefresh } from './refresh.ts'

/** Settings for completion: a person may type any name, whatever Wireshark's list is narrowed to. */
export const completionList: ListSettings = {
  contexts: undefined,
  namespaces: undefined,
  selector: undefined,
  maxPods: 5_000,
}

/** Age up to which names are fresh: a second Tab may follow at once, and a rollout takes longer. */
const freshMs = 20_000

/**
 * Returns the names of a context's cluster from its last answer; never asks the cluster. Refreshes stale names in the background, for the next Tab.
 * When there are none yet, returns those of Wireshark's list.
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
