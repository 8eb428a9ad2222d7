import type { V1Pod } from '@kubernetes/client-node'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import { type ClusterScope, clusterOf, type FollowedName, type PodSetName, type PodTarget } from '../base/target.ts'
import { matchesWildcard } from '../base/wildcard.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getService } from '../kube/services.ts'
import { findCronJobPods, getWorkloadSelector } from '../kube/workloads.ts'
import { choosePod } from './choose-pod.ts'

/** The pods that a name stands for, in the form of an API query. */
export interface PodSet {
  /** Namespace; undefined: all namespaces. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
  /** Field selector that limits the pods to one node. */
  readonly fieldSelector?: string
  /** Pattern of pod names. */
  readonly pattern: string | undefined
  /** Reports whether a pod that matches the rest belongs to the set; undefined: every pod does. */
  readonly hasPod?: (pod: V1Pod) => boolean
}

/**
 * Returns what a name selects on its node; undefined when no single query can find it: there is no such service or workload, or it selects nothing by labels.
 * @throws {KcapError} api-* — when a request fails
 */
export async function findPodSet(
  name: PodSetName,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<PodSet | undefined> {
  const set = await findOnAllNodes(name, access, signal)
  return set === undefined || name.onNode === undefined
    ? set
    : { ...set, fieldSelector: `spec.nodeName=${name.onNode}` }
}

async function findOnAllNodes(
  name: PodSetName,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<PodSet | undefined> {
  const namespace = name.namespace ?? access.namespace
  const selectBy = (labelSelector: string | undefined) =>
    labelSelector ? { namespace, labelSelector, pattern: undefined } : undefined
  if (name.kind === 'pods') {
    return {
      namespace: name.allNamespaces ? undefined : namespace,
      labelSelector: name.selector,
      pattern: name.pattern,
    }
  }
  if (name.kind === 'service') return selectBy((await getService(access, namespace, name.service, signal))?.selector)
  const { workloadKind, workload } = name
  if (workloadKind !== 'cronjob')
    return selectBy(await getWorkloadSelector(access, workloadKind, namespace, workload, signal))
  const pods = await findCronJobPods(access, namespace, workload, signal)
  return pods && { namespace, pattern: undefined, ...pods }
}

/**
 * Reports whether a pod of the answer belongs to the set: the API server may send others, whatever was requested. Pods that kcap has created belong to
 * no set: they see the network of their node, and kcap's own stream.
 */
export function isInSet({ namespace, pattern, hasPod = () => true }: PodSet, pod: V1Pod): boolean {
  if (pod.metadata?.labels?.['app.kubernetes.io/managed-by'] === 'kcap') return false
  if (namespace !== undefined && pod.metadata?.namespace !== namespace) return false
  return (pattern === undefined || matchesWildcard(pattern, pod.metadata?.name ?? '')) && hasPod(pod)
}

/** Returns the pod as a target, or why it can't be captured. */
export function tryTarget(pod: V1Pod, name: ClusterScope, access: ClusterAccess): PodTarget | KcapError {
  try {
    return choosePod(pod, {
      cluster: clusterOf(name),
      context: access.context,
      container: name.container,
      onNode: name.onNode,
    })
  } catch (error) {
    return toKcapError(error)
  }
}

/** Formats a name for errors and events: `svc/orders`. */
export function formatFollowedName(name: FollowedName): string {
  if (name.kind === 'pod') return name.namespace === undefined ? name.pod : `${name.namespace}/${name.pod}`
  if (name.kind === 'service') return `svc/${name.service}`
  if (name.kind === 'workload') return `${name.workloadKind}/${name.workload}`
  const pattern = name.pattern ?? '*'
  const pods = name.allNamespaces
    ? `*/${pattern}`
    : name.namespace === undefined
      ? pattern
      : `${name.namespace}/${pattern}`
  return name.selector === undefined ? pods : `${pods} (${name.selector})`
}
