import type { DemoPodSettings, PodTools } from './demo-apps.ts'
import { type ContainerStatus, formatKubeTime, isPod, type Pod } from './kube-object.ts'
import { makeContainerId, makePod } from './make-pod.ts'
import { reconcileEndpoints } from './make-service.ts'
import type { ObjectStore } from './object-store.ts'

/** The life of the cluster's pods: what a kubelet and the controllers would do, with watch events. `id` is `NAMESPACE/NAME`. */
export interface DemoPods {
  find(id: string): Pod | undefined
  toolsOf(pod: Pod): PodTools
  add(settings: DemoPodSettings): Pod
  /** `count` running pods `PREFIX-00001` and on. */
  addMany(count: number, namespace?: string, prefix?: string): void
  /** As `kubectl delete pod`: first terminating, then gone. */
  remove(id: string): void
  /** All containers of the pod are killed and started again. */
  restart(id: string): void
  update(id: string, change: (pod: Pod) => void): Pod
}

const killed = { exitCode: 137, reason: 'Error' }

/** `onContainersKilled` hears of each pod whose processes end, before its events are sent. */
export function makeDemoPods(store: ObjectStore, onContainersKilled: (id: string) => void): DemoPods {
  const tools = new Map<string, PodTools>()
  let added = 0

  const find = (id: string): Pod | undefined => {
    const [namespace, name] = splitId(id)
    const object = store.get('pods', namespace, name)
    return object !== undefined && isPod(object) ? object : undefined
  }
  const mustFind = (id: string): Pod => {
    const pod = find(id)
    if (pod === undefined) throw new Error(`the demo cluster has no pod "${id}"`)
    return pod
  }
  const put = (settings: DemoPodSettings): Pod => {
    const serial = added++
    const pod = makePod(settings, `10.244.${3 + ((serial >> 8) % 200)}.${serial & 0xff}`)
    if (settings.tools !== undefined) tools.set(pod.metadata.uid, settings.tools)
    return store.put(pod) as Pod
  }
  const update = (id: string, change: (pod: Pod) => void): Pod => {
    const pod = structuredClone(mustFind(id))
    change(pod)
    const stored = store.put(pod) as Pod
    reconcileEndpoints(store, pod.metadata.namespace ?? '')
    return stored
  }

  return {
    find,
    toolsOf: (pod) => tools.get(pod.metadata.uid) ?? 'tcpdump',
    update,
    add(settings) {
      const pod = put(settings)
      reconcileEndpoints(store, pod.metadata.namespace ?? '')
      return pod
    },
    addMany(count, namespace = 'default', prefix = 'load') {
      for (let i = 1; i <= count; i++)
        put({ namespace, name: `${prefix}-${String(i).padStart(5, '0')}`, labels: { app: prefix } })
      reconcileEndpoints(store, namespace)
    },
    remove(id) {
      update(id, (pod) => {
        pod.metadata.deletionTimestamp = formatKubeTime(Date.now() + 30_000)
        pod.metadata.deletionGracePeriodSeconds = 30
      })
      onContainersKilled(id)
      const [namespace, name] = splitId(id)
      store.remove('pods', namespace, name)
      reconcileEndpoints(store, namespace)
    },
    restart(id) {
      onContainersKilled(id)
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

function splitId(id: string): [namespace: string, name: string] {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}
