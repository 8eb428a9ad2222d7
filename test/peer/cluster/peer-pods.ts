import type { DemoPodSettings } from '../../../src/demo/cluster/demo-apps.ts'
import type { DemoPods } from '../../../src/demo/cluster/demo-pods.ts'
import { type ContainerStatus, formatKubeTime, type Pod } from '../../../src/demo/cluster/kube-object.ts'
import { makeContainerId } from '../../../src/demo/cluster/make-pod.ts'

/** The life of the cluster's pods: what a kubelet and the controllers would do, with watch events. `id` is `NAMESPACE/NAME`. */
export interface PeerPods extends DemoPods {
  /** Adds `count` running pods `PREFIX-00001` and on. */
  addMany(count: number, namespace?: string, prefix?: string): void
  /** Removes the pod as `kubectl delete pod` does: first terminating, then gone. */
  remove(id: string): void
  /** Terminates the pod and its containers. */
  terminate(id: string, graceSeconds: number): Pod
  /** Kills and restarts all containers of the pod except ephemeral ones. */
  restart(id: string): void
  update(id: string, change: (pod: Pod) => void): Pod
}

const killed = { exitCode: 137, reason: 'Error' }
const defaultGraceSeconds = 30

/** `onContainersKilled` hears of the containers whose processes end, all of the pod or these, before its events are sent. */
export function makePeerPods(
  pods: DemoPods,
  onContainersKilled: (id: string, containers?: readonly string[]) => void,
): PeerPods {
  const mustFind = (id: string): Pod => {
    const pod = pods.find(id)
    if (pod === undefined) throw new Error(`the peer cluster has no pod "${id}"`)
    return pod
  }
  const update = (id: string, change: (pod: Pod) => void): Pod => {
    const pod = structuredClone(mustFind(id))
    change(pod)
    return pods.put(pod)
  }
  const terminate = (id: string, graceSeconds: number): Pod => {
    const pod = update(id, ({ metadata }) => {
      metadata.deletionTimestamp = formatKubeTime(Date.now() + graceSeconds * 1000)
      metadata.deletionGracePeriodSeconds = graceSeconds
    })
    onContainersKilled(id)
    return pod
  }
  return {
    ...pods,
    update,
    terminate,
    addMany(count, namespace = 'default', prefix = 'load') {
      const nameOf = (index: number) => `${prefix}-${String(index + 1).padStart(5, '0')}`
      const labels = { app: prefix }
      pods.addAll(
        Array.from({ length: count }, (_, index): DemoPodSettings => ({ namespace, name: nameOf(index), labels })),
      )
    },
    remove(id) {
      terminate(id, defaultGraceSeconds)
      pods.drop(id)
    },
    restart(id) {
      onContainersKilled(
        id,
        mustFind(id).spec.containers.map(({ name }) => name),
      )
      update(id, (pod) => {
        const now = formatKubeTime(Date.now())
        pod.status.phase = 'Running'
        for (const status of pod.status.containerStatuses ?? []) restartContainer(pod, status, now)
      })
    },
  }
}

function restartContainer(pod: Pod, status: ContainerStatus, now: string): void {
  status.lastState = {
    terminated: {
      ...killed,
      startedAt: status.state.running?.startedAt ?? now,
      finishedAt: now,
      containerID: status.containerID,
    },
  }
  status.restartCount++
  status.containerID = makeContainerId(pod, status.name, status.restartCount)
  status.state = { running: { startedAt: now } }
  status.ready = true
  status.started = true
}
