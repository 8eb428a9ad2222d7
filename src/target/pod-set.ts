import type { V1Pod } from '@kubernetes/client-node'
import { type KcapError, toKcapError } from '../base/kcap-error.ts'
import type { PodSetName, PodTarget } from '../base/target.ts'
import { matchesWildcard } from '../base/wildcard.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getServiceSelector } from '../kube/kube-objects.ts'
import { getWorkloadSelector } from '../kube/workloads.ts'
import { choosePod } from './choose-pod.ts'

/** The pods that a name stands for, as the API can be asked for them. */
export interface PodSet {
  /** undefined: all. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
  /** Of pod names. */
  readonly pattern: string | undefined
}

/**
 * What a name selects; undefined when that can't be asked for at once: there is no such service or workload, or it selects nothing by
 * labels.
 */
export async function findPodSet(
  name: PodSetName,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<PodSet | undefined> {
  const namespace = name.namespace ?? access.namespace
  if (name.kind === 'pods') {
    return {
      namespace: name.allNamespaces ? undefined : namespace,
      labelSelector: name.selector,
      pattern: name.pattern,
    }
  }
  const labelSelector =
    name.kind === 'service'
      ? await getServiceSelector(access, namespace, name.service, signal)
      : await getWorkloadSelector(access, name.workloadKind, namespace, name.workload, signal)
  return labelSelector ? { namespace, labelSelector, pattern: undefined } : undefined
}

/** Returns whether a pod of the answer belongs to the set: the API server may send others, whatever was requested. */
export function isInSet({ namespace, pattern }: PodSet, { metadata }: V1Pod): boolean {
  if (namespace !== undefined && metadata?.namespace !== namespace) return false
  return pattern === undefined || matchesWildcard(pattern, metadata?.name ?? '')
}

/** The pod as a target, or why it can't be captured. */
export function tryTarget(pod: V1Pod, name: PodSetName, access: ClusterAccess): PodTarget | KcapError {
  try {
    return choosePod(pod, {
      cluster: { kubeconfigPaths: name.kubeconfigPaths, context: name.context },
      context: access.context,
      container: name.container,
    })
  } catch (error) {
    return toKcapError(error)
  }
}

/** How the name is called in errors and events: `svc/orders`. */
export function formatPodSetName(name: PodSetName): string {
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
