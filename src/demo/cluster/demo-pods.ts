import type { DemoPodSettings } from './demo-apps.ts'
import { reconcileEndpoints } from './endpoints.ts'
import { type ContainerStatus, formatKubeTime, isPod, type Pod } from './kube-object.ts'
import { makeContainerId, makePod } from './make-pod.ts'
import type { ObjectStore } from './object-store.ts'

/** The life of the cluster's pods: what a kubelet and the controllers would do, with watch events. `id` is `NAMESPACE/NAME`. */
export interface DemoPods {
  find(id: string): Pod | undefined
  /** By what its cgroups are called: the UID, or a static pod's hash. */
  findInCgroups(uid: string): Pod | undefined
  /** Returns the name of what a container has. An ephemeral container has nothing of the rest of its pod. */
  toolsOf(pod: Pod, container: string): string
  add(settings: DemoPodSettings): Pod
  /** `count` running pods `PREFIX-00001` and on. */
  addMany(count: number, namespace?: string, prefix?: string): void
  /** Adds the pod as it is, or replaces it. */
  put(pod: Pod): Pod
  /** As `kubectl delete pod`: first terminating, then gone. */
  remove(id: string): void
  /** The pod is told to end, and its containers do. */
  terminate(id: string, graceSeconds: number): Pod
  /** The pod is gone. */
  drop(id: string): void
  /** All containers of the pod but ephemeral ones are killed and started again. */
  restart(id: string): void
  update(id: string, change: (pod: Pod) => void): Pod
}

const staticHashAnnotation = 'kubernetes.io/config.hash'
const killed = { exitCode: 137, reason: 'Error' }

/** `onContainersKilled` hears of the containers whose processes end, all of the pod or these, before its events are sent. */
export function makeDemoPods(
  store: ObjectStore,
  onContainersKilled: (id: string, containers?: readonly string[]) => void,
): DemoPods {
  const tools = new Map<string, string>()
  const isEphemeral = ({ spec }: Pod, container: string) =>
    spec.ephemeralContainers?.some(({ name }) => name === container) === true
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
  const put = (pod: Pod): Pod => {
    const stored = store.put(pod) as Pod
    reconcileEndpoints(store, pod.metadata.namespace ?? '')
    return stored
  }
  const make = (settings: DemoPodSettings): Pod => {
    const serial = added++
    const pod = makePod(settings, `10.244.${3 + ((serial >> 8) % 200)}.${serial & 0xff}`)
    if (settings.tools !== undefined) tools.set(pod.metadata.uid, settings.tools)
    return store.put(pod) as Pod
  }
  const update = (id: string, change: (pod: Pod) => void): Pod => {
    const pod = structuredClone(mustFind(id))
    change(pod)
    return put(pod)
  }
  const terminate = (id: string, graceSeconds: number): Pod => {
    const pod = update(id, ({ metadata }) => {
      metadata.deletionTimestamp = formatKubeTime(Date.now() + graceSeconds * 1000)
      metadata.deletionGracePeriodSeconds = graceSeconds
    })
    onContainersKilled(id)
    return pod
  }
  const drop = (id: string): void => {
    onContainersKilled(id)
    const [namespace, name] = splitId(id)
    store.remove('pods', namespace, name)
    reconcileEndpoints(store, namespace)
  }

  return {
    find,
    findInCgroups: (uid) =>
      store
        .list('pods')
        .filter(isPod)
        .find(({ metadata }) => (metadata.annotations?.[staticHashAnnotation] ?? metadata.uid) === uid),
    toolsOf(pod, container) {
      const ofPod = isEphemeral(pod, container) ? undefined : tools.get(pod.metadata.uid)
      return ofPod ?? 'tcpdump'
    },
    put,
    update,
    terminate,
    drop,
    add(settings) {
      const pod = make(settings)
      reconcileEndpoints(store, pod.metadata.namespace ?? '')
      return pod
    },
    addMany(count, namespace = 'default', prefix = 'load') {
      for (let i = 1; i <= count; i++)
        make({ namespace, name: `${prefix}-${String(i).padStart(5, '0')}`, labels: { app: prefix } })
      reconcileEndpoints(store, namespace)
    },
    remove(id) {
      terminate(id, 30)
      drop(id)
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

function splitId(id: string): [namespace: string, name: string] {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}
