/** What is known of a cluster for Wireshark's list: names only. */
export interface ClusterNames {
  readonly pods: readonly ListedPod[]
  /** The cluster has more running pods than are listed here. */
  readonly hasMore: boolean
  readonly namespaces: readonly string[]
  /** The namespace that counts where none is named. */
  readonly ownNamespace: string
}

export interface ListedPod {
  readonly namespace: string
  readonly pod: string
}

/** RFC 1123, as Kubernetes holds names to it. A cluster that names its pods otherwise is none, and its names could be taken for others. */
const namespacePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const podPattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

export function isNamespaceName(name: unknown): name is string {
  return typeof name === 'string' && namespacePattern.test(name)
}

export function isPodName(name: unknown): name is string {
  return typeof name === 'string' && podPattern.test(name)
}
