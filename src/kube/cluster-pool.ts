import type { ClusterScope } from '../base/target.ts'
import { type ClusterAccess, type OpenClusterOptions, openCluster } from './cluster-access.ts'

/** Each cluster is logged in to once, however many targets lie in it. */
export interface ClusterPool {
  open(cluster: Pick<ClusterScope, 'kubeconfigPaths' | 'context'>): Promise<ClusterAccess>
  close(): void
}

export function makeClusterPool(run: Omit<OpenClusterOptions, 'kubeconfigPaths' | 'context'>): ClusterPool {
  const opened = new Map<string, Promise<ClusterAccess>>()
  return {
    async open({ kubeconfigPaths, context }) {
      const key = JSON.stringify([kubeconfigPaths, context])
      const opening = opened.get(key) ?? openCluster({ ...run, kubeconfigPaths, context })
      opened.set(key, opening)
      const access = await opening
      if (access.hasExpired()) await access.renew()
      return access
    },
    close() {
      for (const access of opened.values()) access.then((cluster) => cluster.close()).catch(() => {})
    },
  }
}
