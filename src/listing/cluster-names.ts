/** Names of a cluster's objects for Wireshark's list, and nothing but names. */
export interface ClusterNames {
  readonly pods: readonly ListedPod[]
  /** Whether the cluster has more running pods than are listed here. */
  readonly hasMore: boolean
  readonly namespaces: readonly string[]
  /** Namespace that applies when none is named. */
  readonly ownNamespace: string
  /** Workloads that can stand for the pods; undefined when the pods are few enough to be listed singly. */
  readonly workloads?: readonly ListedWorkload[]
  /** Other objects that can be captured; undefined when nobody asked for them. */
  readonly objects?: readonly ListedObject[]
  /** Records that run; undefined when none does. */
  readonly records?: readonly ListedRecord[]
}

/** A record of `kcap record`. */
export interface ListedRecord {
  readonly namespace: string
  readonly name: string
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

/** Target of one interface in Wireshark's list. */
export type ListedEntry = ListedPod | ListedWorkload

/** An object that stands for pods, or a node. */
export interface ListedObject {
  readonly kind: ObjectKind
  /** Namespace; '' for a node, which has none. */
  readonly namespace: string
  readonly name: string
}

/** Kinds, as in a target: `svc/NAME`. */
export const objectKinds = ['svc', 'deploy', 'sts', 'ds', 'node'] as const
export type ObjectKind = (typeof objectKinds)[number]

/** Pattern of RFC 1123, which Kubernetes enforces. A server with other names is not a cluster, and its names could be mistaken for others. */
const namespacePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const podPattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

export function isNamespaceName(name: unknown): name is string {
  return typeof name === 'string' && namespacePattern.test(name)
}

export function isPodName(name: unknown): name is string {
  return typeof name === 'string' && podPattern.test(name)
}

/** Reports whether an object is valid. Names of services, workloads and nodes follow the rules for pods. */
export function isListedObject({ kind, namespace, name }: ListedObject): boolean {
  return (
    objectKinds.includes(kind) && (kind === 'node' ? namespace === '' : isNamespaceName(namespace)) && isPodName(name)
  )
}
