import type { V1Pod } from '@kubernetes/client-node'
import type { PodSetName, PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { watchList } from '../kube/watch-list.ts'
import { findPodSet, isInSet, toTarget } from './pod-set.ts'

/** The pods of a name as they are at one time. */
export interface PodSetState {
  /** Those that can be captured. */
  readonly running: readonly PodTarget[]
  /** Uids of all that are there, also of those that are coming or going. */
  readonly present: ReadonlySet<string>
}

/**
 * The pods a name stands for, each time they change. Ends when there is nothing to follow: a service without a selector. Throws `api-*`
 * errors, `api-forbidden` where the login may not watch, and the signal's reason.
 */
export async function* followPodSet(
  name: PodSetName,
  access: ClusterAccess,
  run: { readonly signal: AbortSignal; readonly log: (line: string) => void },
): AsyncGenerator<PodSetState> {
  const set = await findPodSet(name, access, run.signal)
  if (set === undefined) return
  const { namespace, labelSelector } = set
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  const targets = new Map<string, PodTarget | undefined>()
  const take = (pod: V1Pod) => {
    if (isInSet(set, pod)) targets.set(pod.metadata?.uid ?? '', toTarget(pod, name, access))
  }
  const changes = watchList<V1Pod>(access, {
    path: `/api/v1${scope}/pods`,
    action: { resource: 'pods', namespace },
    labelSelector,
    ...run,
  })
  for await (const change of changes) {
    if (change.kind === 'listed') {
      targets.clear()
      change.items.forEach(take)
    } else if (change.kind === 'removed') targets.delete(change.item.metadata?.uid ?? '')
    else take(change.item)
    yield { running: [...targets.values()].filter((target) => target !== undefined), present: new Set(targets.keys()) }
  }
}
