import type { Kubeconfig } from '../kube/kubeconfig.ts'
import type { ListSettings } from '../settings/settings.ts'

/** Names belong to a login at a cluster and to what was asked for, whatever the context is called in another kubeconfig. */
export function namesKey(config: Kubeconfig, context: string, list: ListSettings): string {
  const { cluster, user, namespace } = config.contexts.get(context) ?? {}
  const server = config.clusters.get(cluster ?? '')?.server
  return JSON.stringify([config.paths, context, server, user, namespace, list.namespaces, list.selector, list.maxPods])
}

/** Where a login that may not list the cluster may be allowed to look: the namespaces of all contexts of the same cluster. */
export function findNamespaces(config: Kubeconfig, context: string): string[] {
  const cluster = config.contexts.get(context)?.cluster
  return [...config.contexts.values()].flatMap((entry) =>
    entry.cluster === cluster && entry.namespace ? [entry.namespace] : [],
  )
}
