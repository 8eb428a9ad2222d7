import type { Kubeconfig } from '../kube/kubeconfig.ts'
import type { ListSettings } from '../settings/settings.ts'

/**
 * Returns the key of names, which belong to a login at a cluster and to what was asked for. A context of the same name in another kubeconfig has
 * another key.
 */
export function namesKey(config: Kubeconfig, context: string, list: ListSettings): string {
  const { cluster, user, namespace } = config.contexts.get(context) ?? {}
  const server = config.clusters.get(cluster ?? '')?.server
  return JSON.stringify([config.paths, context, server, user, namespace, list.namespaces, list.selector, list.maxPods])
}

/** Returns the namespaces of all contexts of the same cluster: a login that may not list the cluster may be allowed to look there. */
export function findNamespaces(config: Kubeconfig, context: string): string[] {
  const cluster = config.contexts.get(context)?.cluster
  return [...config.contexts.values()].flatMap((entry) =>
    entry.cluster === cluster && entry.namespace ? [entry.namespace] : [],
  )
}
