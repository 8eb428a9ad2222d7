import { performance } from 'node:perf_hooks'
import { findUserFolders } from '../host/user-folders.ts'
import { loadKubeconfig } from '../kube/kubeconfig.ts'
import { widenPath } from '../settings/cluster-settings.ts'
import { loadSettings } from '../settings/load-settings.ts'
import { defaultSettings } from '../settings/settings.ts'
import { askCluster } from './ask-cluster.ts'
import { completionList } from './known-names.ts'
import { refreshLimits } from './list-clusters.ts'
import { openNamesCache } from './names-cache.ts'
import { findNamespaces, namesKey } from './names-key.ts'

/**
 * Asks a context's cluster for what a shell may complete. Never throws: when the cluster does not answer, the known names are kept, for as long as an
 * answer would be.
 */
export async function refreshNames(context: string, environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  const cache = openNamesCache(findUserFolders(environment).cache)
  cache.sweep()
  try {
    widenPath(await loadSettings(environment).catch(() => defaultSettings('')))
    const config = loadKubeconfig({ environment })
    const key = namesKey(config, context, completionList)
    const startedMs = performance.now()
    try {
      const names = await askCluster(context, findNamespaces(config, context), {
        list: completionList,
        signal: AbortSignal.timeout(refreshLimits.timeoutMs),
        loginTimeoutMs: refreshLimits.loginTimeoutMs,
        withObjects: true,
      })
      cache.write(key, { names, answeredInMs: Math.round(performance.now() - startedMs) })
    } catch {
      cache.write(key, { names: cache.read(key)?.names, answeredInMs: undefined })
    }
  } catch {
    // A kubeconfig that broke in the meantime names no cluster.
  }
}
