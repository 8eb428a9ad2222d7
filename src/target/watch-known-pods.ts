import { isDeepStrictEqual } from 'node:util'
import type { V1Pod } from '@kubernetes/client-node'
import type { Clock } from '../base/clock.ts'
import type { WriteLog } from '../base/log.ts'
import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { watchList } from '../kube/watch-list.ts'

export interface KnownPodsWatch {
  /** Returns the pods to watch, by uid, as they were last seen. */
  readonly known: () => ReadonlyMap<string, PodTarget | undefined>
  readonly read: (pod: V1Pod) => PodTarget | undefined
  /** Called when one of them is gone, or is another target than before. */
  readonly onChange: () => void
  readonly signal: AbortSignal
  readonly log: WriteLog
  readonly clock?: Clock
}

/**
 * Watches the pods of a namespace for changes of known ones. Rejects with the signal's reason when aborted.
 * @throws {KcapError} api-* — when the first list fails, or a retry can't help
 */
export async function watchKnownPods(
  namespace: string,
  access: ClusterAccess,
  { known, read, onChange, ...run }: KnownPodsWatch,
): Promise<void> {
  const listed = new Set<string>()
  const changes = watchList(access, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    action: { resource: 'pods', namespace },
    keep: (pod: V1Pod) => {
      const uid = pod.metadata?.uid
      return uid !== undefined && known().has(uid) ? { uid, target: read(pod) } : undefined
    },
    ...run,
  })
  for await (const change of changes) {
    if (change.kind === 'began') listed.clear()
    else if (change.kind === 'listed') {
      for (const { uid, target } of change.items) {
        listed.add(uid)
        if (!isDeepStrictEqual(known().get(uid), target)) onChange()
      }
    } else if (change.kind === 'complete') {
      const isMissing = ([uid, target]: [string, PodTarget | undefined]) =>
        target?.namespace === namespace && !listed.has(uid)
      if ([...known()].some(isMissing)) onChange()
    } else {
      const isNews = change.changes.some(
        ({ kind, item }) => kind === 'removed' || !isDeepStrictEqual(known().get(item.uid), item.target),
      )
      if (isNews) onChange()
    }
  }
}
