import { type ClusterName, clusterOf } from '../base/target.ts'
import { type ClusterAccess, type OpenClusterOptions, openCluster } from './cluster-access.ts'

/** Open clusters. kcap logs in to each cluster once, however many targets are in it. */
export interface ClusterPool {
  open(cluster: ClusterName): Promise<ClusterAccess>
  close(): void
}

export function makeClusterPool(run: Omit<OpenClusterOptions, keyof ClusterName>): ClusterPool {
  const opened = new Map<string, Promise<ClusterAccess>>()
  return {
    async open(name) {
      const cluster = clusterOf(name)
      const key = JSON.stringify(cluster)
      const opening = opened.get(key) ?? openCluster({ ...run, ...cluster })
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
