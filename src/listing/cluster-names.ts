/** What is known of a cluster for Wireshark's list: names only. */
export interface ClusterNames {
  readonly pods: readonly ListedPod[]
  /** The cluster has more running pods than are listed here. */
  readonly hasMore: boolean
  readonly namespaces: readonly string[]
  /** The namespace that counts where none is named. */
  readonly ownNamespace: string
  /** Workloads that can stand for the pods; undefined where those are few enough to be listed singly. */
  readonly workloads?: readonly ListedWorkload[]
  /** What else can be captured; undefined where nobody asked for it. */
  readonly objects?: readonly ListedObject[]
}

export interface ListedPod {
  readonly namespace: string
  readonly pod: string
}

export const listedWorkloadKinds = ['deploy', 'sts', 'ds'] as const
export type ListedWorkloadKind = (typeof listedWorkloadKinds)[number]

/** A workload that stands for its pods. */
export interface ListedWorkload {
  readonly kind: ListedWorkloadKind
  readonly namespace: string
  readonly name: string
  readonly podCount: number
}

/** What one interface of Wireshark's list captures. */
export type ListedEntry = ListedPod | ListedWorkload

/** What stands for pods, or a node. */
export interface ListedObject {
  readonly kind: ObjectKind
  /** '' for a node, which lies in none. */
  readonly namespace: string
  readonly name: string
}

/** As in a target: `svc/NAME`. */
export const objectKinds = ['svc', 'deploy', 'sts', 'ds', 'node'] as const
export type ObjectKind = (typeof objectKinds)[number]

/** RFC 1123, as Kubernetes holds names to it. A cluster that names its pods otherwise is none, and its names could be taken for others. */
const namespacePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const podPattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

export function isNamespaceName(name: unknown): name is string {
  return typeof name === 'string' && namespacePattern.test(name)
}

export function isPodName(name: unknown): name is string {
  return typeof name === 'string' && podPattern.test(name)
}

/** Services, workloads and nodes are called by the rules of pods. */
export function isListedObject({ kind, namespace, name }: ListedObject): boolean {
  return (
    objectKinds.includes(kind) && (kind === 'node' ? namespace === '' : isNamespaceName(namespace)) && isPodName(name)
  )
}
