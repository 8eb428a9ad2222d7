import type { DemoPodSettings } from './demo-apps.ts'
import { reconcileEndpoints } from './endpoints.ts'
import { isPodObject, type Pod } from './kube-object.ts'
import { makePod } from './make-pod.ts'
import type { ObjectStore } from './object-store.ts'

/** Pods of the cluster; the endpoints of their services follow them. `id` is `NAMESPACE/NAME`. */
export interface DemoPods {
  find(id: string): Pod | undefined
  /** Finds a pod by its name in cgroups: the UID, or a static pod's hash. */
  findInCgroups(uid: string): Pod | undefined
  /** Returns the name of a container's tools. An ephemeral container shares none with the rest of its pod. */
  toolsOf(pod: Pod, container: string): string
  add(settings: DemoPodSettings): Pod
  addAll(settings: readonly DemoPodSettings[]): void
  /** Adds or replaces the pod, unchanged. */
  put(pod: Pod): Pod
  /** Removes the pod and kills its containers. */
  drop(id: string): void
}

const staticHashAnnotation = 'kubernetes.io/config.hash'

/** Returns an empty set of pods. `onContainersKilled` is called for a pod whose processes end before its events are sent. */
export function makeDemoPods(store: ObjectStore, onContainersKilled: (id: string) => void): DemoPods {
  const tools = new Map<string, string>()
  let added = 0

  const make = (settings: DemoPodSettings): Pod => {
    const serial = added++
    const pod = makePod(settings, `10.244.${3 + ((serial >> 8) % 200)}.${serial & 0xff}`)
    if (settings.tools !== undefined) tools.set(pod.metadata.uid, settings.tools)
    return store.put(pod) as Pod
  }
  const reconcile = ({ metadata }: Pod) => reconcileEndpoints(store, metadata.namespace ?? '')
  return {
    find(id) {
      const object = store.get('pods', ...splitPodId(id))
      return object !== undefined && isPodObject(object) ? object : undefined
    },
    findInCgroups: (uid) =>
      store
        .list('pods')
        .filter(isPodObject)
        .find(({ metadata }) => (metadata.annotations?.[staticHashAnnotation] ?? metadata.uid) === uid),
    toolsOf({ metadata, spec }, container) {
      const isEphemeral = spec.ephemeralContainers?.some(({ name }) => name === container) === true
      return (isEphemeral ? undefined : tools.get(metadata.uid)) ?? 'tcpdump'
    },
    add(settings) {
      const pod = make(settings)
      reconcile(pod)
      return pod
    },
    addAll(settings) {
      const pods = settings.map(make)
      for (const pod of new Map(pods.map((pod) => [pod.metadata.namespace, pod])).values()) reconcile(pod)
    },
    put(pod) {
      const stored = store.put(pod) as Pod
      reconcile(stored)
      return stored
    },
    drop(id) {
      onContainersKilled(id)
      const [namespace, name] = splitPodId(id)
      store.remove('pods', namespace, name)
      reconcileEndpoints(store, namespace)
    },
  }
}

function splitPodId(id: string): [namespace: string, name: string] {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}
