import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { formatTarget, type Target } from '../base/target.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import { getPod } from '../kube/kube-objects.ts'
import { choosePod } from './choose-pod.ts'

/** Returns why a pod whose capture broke off can't be captured any more; undefined when it can, or when the cluster does not say. */
export async function findPodEnd(
  target: Target,
  clusters: ClusterPool,
  signal: AbortSignal,
): Promise<KcapError | undefined> {
  if (target.kind !== 'pod') return undefined
  const { cluster, context, container, namespace, pod: name, uid } = target
  try {
    const pod = await getPod(await clusters.open(cluster), namespace, name, signal)
    if (pod === undefined || pod.metadata?.uid !== uid) return gone(target)
    choosePod(pod, { cluster, context, container })
    return undefined
  } catch (error) {
    return error instanceof KcapError && error.code === 'pod-not-running' ? error : undefined
  }
}

function gone(target: Target): KcapError {
  return new KcapError('pod-not-found', `cannot continue capturing "${formatTarget(target)}": the pod is gone`, {
    hints: ['a workload is followed from pod to pod: kcap deploy/NAME', line('kcap', 'list', 'pods', '-A')],
  })
}
