import { isDeepStrictEqual } from 'node:util'
import type { V1Pod } from '@kubernetes/client-node'
import { KcapError } from '../base/kcap-error.ts'
import type { PodSetName, PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { tooManyObjects } from '../kube/read-list.ts'
import { watchList } from '../kube/watch-list.ts'
import { followServiceEndpoints } from './follow-service-endpoints.ts'
import { findPodSet, isInSet, tryTarget } from './pod-set.ts'
import type { FollowRun, PodSetChange } from './pod-set-change.ts'

/** Maximum number of pods: twice what large clusters have. https://kubernetes.io/docs/setup/best-practices/cluster-large/ */
const mostPods = 100_000
/** Maximum number of pods kept as targets. Others are known by uid only, because that many are never captured. */
const mostTargets = 5_000

/**
 * Yields the pods that a name stands for, each time they change. Ends when there is nothing to follow: a service without selector and endpoints.
 * Throws the signal's reason when aborted.
 * @throws {KcapError} api-forbidden — when the login may not watch
 * @throws {KcapError} api-* — when the first list fails, or a retry can't help
 */
export async function* followPodSet(
  name: PodSetName,
  access: ClusterAccess,
  run: FollowRun,
): AsyncGenerator<PodSetChange> {
  const set = await findPodSet(name, access, run.signal)
  if (set === undefined) {
    if (name.kind === 'service') yield* followServiceEndpoints(name, access, run)
    return
  }
  const { namespace, labelSelector, fieldSelector } = set
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  const changes = watchList(access, {
    path: `/api/v1${scope}/pods`,
    action: { resource: 'pods', namespace },
    labelSelector,
    fieldSelector,
    keep: (pod: V1Pod) => (isInSet(set, pod) ? readPod(pod, name, access) : undefined),
    ...run,
  })
  // One map for all changes: in a large cluster, a copy for each would take more time than everything else.
  const pods = new Map<string, PodTarget | undefined>()
  let targets = 0
  let running = new Map<string, PodTarget>()
  let gone = new Set<string>()
  const put = ({ uid, target }: FollowedPod) => {
    const before = pods.get(uid)
    // Most changes of a pod concern its conditions.
    if (pods.has(uid) && isDeepStrictEqual(before, target)) return
    remove(uid)
    const kept = targets < mostTargets || run.isCaptured(uid) ? target : undefined
    if (kept !== undefined) {
      targets += 1
      running.set(uid, kept)
    }
    pods.set(uid, kept)
    gone.delete(uid)
    if (pods.size > mostPods) throw tooManyObjects(access, 'pods')
  }
  const remove = (uid: string) => {
    if (pods.get(uid) !== undefined) targets -= 1
    running.delete(uid)
    if (pods.delete(uid)) gone.add(uid)
  }
  const listed = new Set<string>()
  for await (const change of changes) {
    if (change.kind === 'began') listed.clear()
    else if (change.kind === 'listed') {
      for (const pod of change.items) {
        listed.add(pod.uid)
        put(pod)
      }
    } else if (change.kind === 'complete') {
      for (const uid of pods.keys()) if (!listed.has(uid)) remove(uid)
      listed.clear()
    } else {
      for (const { kind, item } of change.changes) {
        if (kind === 'changed') put(item)
        else remove(item.uid)
      }
    }
    const isNews = change.kind === 'complete' || running.size > 0 || gone.size > 0
    if (!isNews || change.kind === 'listed') continue
    yield { pods, running: [...running.values()], gone: [...gone] }
    running = new Map()
    gone = new Set()
  }
}

interface FollowedPod {
  readonly uid: string
  /** Target; undefined while the pod can't be captured. */
  readonly target: PodTarget | undefined
}

/** Reads a pod; returns undefined for an object without a uid, which is not a pod of the API. */
function readPod(pod: V1Pod, name: PodSetName, access: ClusterAccess): FollowedPod | undefined {
  const uid = pod.metadata?.uid
  if (uid === undefined) return undefined
  const target = tryTarget(pod, name, access)
  return { uid, target: target instanceof KcapError ? undefined : target }
}
