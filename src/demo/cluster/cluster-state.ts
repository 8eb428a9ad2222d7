import { addDemoObjects } from './demo-objects.ts'
import { type DemoPods, makeDemoPods } from './demo-pods.ts'
import { reconcileEndpoints } from './endpoints.ts'
import { makeObjectStore, type ObjectStore } from './object-store.ts'

export interface ClusterState {
  readonly store: ObjectStore
  readonly pods: DemoPods
}

/** Returns a cluster with the demo's objects and no history to watch. */
export function makeClusterState(onContainersKilled: (pod: string) => void): ClusterState {
  const store = makeObjectStore()
  const pods = makeDemoPods(store, onContainersKilled)
  addDemoObjects(store, pods.add, Date.now())
  for (const namespace of ['kube-system', 'prod', 'staging']) reconcileEndpoints(store, namespace)
  store.compact()
  return { store, pods }
}
