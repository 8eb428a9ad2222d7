import type { KubeObject } from './kube-object.ts'
import { resourceOfKind } from './resources.ts'

export type StoreEventType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface StoreEvent {
  readonly type: StoreEventType
  readonly plural: string
  readonly object: KubeObject
  /** Object before the change: a watch with a selector must report when an object has left the selection. */
  readonly previous: KubeObject | undefined
  readonly revision: number
}

/** All objects of the cluster, with etcd's single revision counter and a history for watches. */
export interface ObjectStore {
  revision(): number
  /** Returns the last revision that a watch can no longer start from. */
  compactedRevision(): number
  /** Returns objects sorted by namespace and name, as in etcd. */
  list(plural: string, namespace?: string): KubeObject[]
  get(plural: string, namespace: string | undefined, name: string): KubeObject | undefined
  /** Adds an object or replaces the one of the same name, and sets the resource version. */
  put(object: KubeObject): KubeObject
  remove(plural: string, namespace: string | undefined, name: string): KubeObject | undefined
  eventsSince(revision: number): StoreEvent[]
  /** Drops the history, as etcd does every five minutes. */
  compact(): void
  subscribe(listener: (event: StoreEvent) => void): () => void
}

const historyLength = 5000

export function makeObjectStore(firstRevision = 1000): ObjectStore {
  const byResource = new Map<string, Map<string, KubeObject>>()
  const sorted = new Map<string, { key: string; object: KubeObject }[]>()
  const listeners = new Set<(event: StoreEvent) => void>()
  let history: StoreEvent[] = []
  let revision = firstRevision
  let compacted = firstRevision

  const objectsOf = (plural: string) => {
    let objects = byResource.get(plural)
    if (objects === undefined) {
      objects = new Map()
      byResource.set(plural, objects)
    }
    return objects
  }
  const emit = (event: StoreEvent) => {
    history.push(event)
    if (history.length > historyLength * 2) {
      history = history.slice(-historyLength)
      compacted = (history[0] as StoreEvent).revision - 1
    }
    for (const listener of [...listeners]) listener(event)
  }

  return {
    revision: () => revision,
    compactedRevision: () => compacted,
    list(plural, namespace) {
      let entries = sorted.get(plural)
      if (entries === undefined) {
        entries = [...objectsOf(plural)]
          .map(([key, object]) => ({ key, object }))
          .sort((a, b) => (a.key < b.key ? -1 : 1))
        sorted.set(plural, entries)
      }
      const wanted =
        namespace === undefined ? entries : entries.filter(({ object }) => object.metadata.namespace === namespace)
      return wanted.map(({ object }) => object)
    },
    get: (plural, namespace, name) => objectsOf(plural).get(objectKey(namespace, name)),
    put(object) {
      const { plural } = resourceOfKind(object.kind)
      const key = objectKey(object.metadata.namespace, object.metadata.name)
      const previous = objectsOf(plural).get(key)
      revision++
      const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
      objectsOf(plural).set(key, stored)
      sorted.delete(plural)
      emit({ type: previous === undefined ? 'ADDED' : 'MODIFIED', plural, object: stored, previous, revision })
      return stored
    },
    remove(plural, namespace, name) {
      const key = objectKey(namespace, name)
      const previous = objectsOf(plural).get(key)
      if (previous === undefined) return undefined
      revision++
      objectsOf(plural).delete(key)
      sorted.delete(plural)
      const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } }
      emit({ type: 'DELETED', plural, object, previous, revision })
      return object
    },
    eventsSince: (since) => history.filter((event) => event.revision > since),
    compact() {
      history = []
      compacted = revision
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Returns the key of an object. The order of keys is the order of lists: `prod/web` before `prod/web-2` before `staging/a`. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}
