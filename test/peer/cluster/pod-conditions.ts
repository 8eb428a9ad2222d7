import { formatKubeTime, type Pod, type PodStatus } from '../../../src/demo/cluster/kube-object.ts'

/**
 * Returns the conditions that a kubelet sets for a pod on its node.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions
 */
export function podConditions(pod: Pod): PodStatus['conditions'] {
  const unready = (pod.status.containerStatuses ?? []).filter(({ ready }) => !ready).map(({ name }) => name)
  const isReady = unready.length === 0
  const notReady = {
    reason: pod.status.phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady',
    ...(pod.status.phase === 'Failed' ? {} : { message: `containers with unready status: [${unready.join(' ')}]` }),
  }
  const condition = (type: string, isTrue: boolean) => {
    const status = isTrue ? 'True' : 'False'
    const present = pod.status.conditions.find((known) => known.type === type)
    const lastTransitionTime = present?.status === status ? present.lastTransitionTime : formatKubeTime(Date.now())
    return { type, status, lastProbeTime: null, lastTransitionTime, ...(isTrue ? {} : notReady) }
  }
  return [
    condition('PodReadyToStartContainers', pod.status.phase !== 'Failed'),
    condition('Initialized', true),
    condition('Ready', isReady),
    condition('ContainersReady', isReady),
    condition('PodScheduled', true),
  ]
}
