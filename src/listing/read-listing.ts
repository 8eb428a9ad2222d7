import { findUserFolders } from '../host/user-folders.ts'
import { type Kubeconfig, loadKubeconfig } from '../kube/kubeconfig.ts'
import { chooseKubeconfig, widenPath } from '../settings/cluster-settings.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { defaultSettings, type Settings } from '../settings/settings.ts'
import { chooseEntries } from './choose-entries.ts'
import type { ListedEntry } from './cluster-names.ts'
import { type FindRecent, type ListedCluster, type ListLimits, listClusters } from './list-clusters.ts'
import { openNamesCache } from './names-cache.ts'

/** Everything in Wireshark's list that has to be looked up. */
export interface Listing {
  readonly currentContext: string | undefined
  readonly clusters: readonly (ListedCluster & { readonly listed: readonly ListedEntry[] })[]
  readonly sshHosts: readonly string[]
}

/** Looks up Wireshark's list. Never throws: a broken config file or kubeconfig leaves out what it would have named. */
export async function readListing(
  limits: ListLimits,
  findRecent: FindRecent,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Listing> {
  const settings = await loadSettings(environment).catch((): Settings => defaultSettings(''))
  const { sshHosts, list } = settings
  widenPath(settings)
  let config: Kubeconfig
  try {
    const kubeconfig = chooseKubeconfig(settings, environment)
    config = loadKubeconfig({ environment, paths: kubeconfig === undefined ? undefined : [kubeconfig] })
  } catch {
    return { currentContext: undefined, clusters: [], sshHosts }
  }
  const cache = openNamesCache(findUserFolders(environment).cache)
  const clusters = await listClusters(config, list, limits, cache, findRecent)
  const shares = shareOut(
    clusters.map(({ names }) => (names?.pods.length ?? 0) + (names?.workloads?.length ?? 0)),
    list.maxPods,
  )
  return {
    currentContext: config.currentContext,
    clusters: clusters.map((cluster, index) => ({
      ...cluster,
      listed:
        cluster.names === undefined
          ? []
          : chooseEntries(cluster.names, shares[index] ?? 0, findRecent(cluster.context)),
    })),
    sshHosts,
  }
}

/** Returns how many entries each may have in the list: all the same number, and places left over go to the first ones. */
export function shareOut(wanted: readonly number[], total: number): number[] {
  const fair = Math.floor(total / Math.max(1, wanted.length))
  const shares = wanted.map((count) => Math.min(count, fair))
  let left = total - shares.reduce((sum, share) => sum + share, 0)
  return shares.map((share, index) => {
    const more = Math.min(left, (wanted[index] ?? 0) - share)
    left -= more
    return share + more
  })
}
