import { createHash } from 'node:crypto'
import path from 'node:path'
import { readFileStatus, readPrivateFile, removeOldFiles, writePrivateFile } from '../host/private-file.ts'
import {
  type ClusterNames,
  isListedObject,
  isNamespaceName,
  isPodName,
  type ListedObject,
  type ListedPod,
  type ListedRecord,
  type ListedWorkload,
  listedWorkloadKinds,
  type ObjectKind,
} from './cluster-names.ts'

/** Result of the last attempt to list a cluster. */
export interface KnownCluster {
  /** Names; undefined when the cluster has never been listed. */
  readonly names: ClusterNames | undefined
  /** Duration of the last answer; undefined when there was none. */
  readonly answeredInMs: number | undefined
  /** Wall-clock time of its services and workloads; undefined when they were never requested. */
  readonly objectsAtMs?: number | undefined
}

/** Names of clusters, a file each, mode 0600. The files contain nothing but names. */
export interface NamesCache {
  /** Returns what is known; undefined when nothing is, or the file is not a cache of kcap's. */
  read(key: string): KnownCluster | undefined
  /** Returns when the last attempt ended; undefined when there was none. */
  writtenMs(key: string): number | undefined
  write(key: string, known: KnownCluster): void
  /** Removes clusters that were not listed for a month. */
  sweep(): void
}

const maxFileBytes = 16 * 1024 * 1024
const maxAgeMs = 30 * 24 * 3_600_000

export function openNamesCache(cacheFolder: string): NamesCache {
  const folder = path.join(cacheFolder, 'names')
  const fileOf = (key: string) => path.join(folder, createHash('sha256').update(key).digest('hex').slice(0, 24))
  return {
    read: (key) => parseKnown(readPrivateFile(fileOf(key), maxFileBytes) ?? ''),
    writtenMs: (key) => readFileStatus(fileOf(key))?.modifiedMs,
    write(key, known) {
      try {
        writePrivateFile(fileOf(key), formatKnown(known))
      } catch {
        // A full disk or a read-only home costs time at the next listing, nothing else.
      }
    },
    sweep: () => removeOldFiles(folder, maxAgeMs),
  }
}

function formatKnown({ names, answeredInMs, objectsAtMs }: KnownCluster): string {
  const pods = names?.pods.map(({ namespace, pod }) => `${namespace}/${pod}`)
  const objects = names?.objects?.map(({ namespace, kind, name }) => `${namespace}/${kind}/${name}`)
  const records = names?.records?.map(({ namespace, name }) => `${namespace}/${name}`)
  const workloads = names?.workloads?.map((one) => `${one.namespace}/${one.kind}/${one.name}/${one.podCount}`)
  return JSON.stringify({ answeredInMs, objectsAtMs, names: names && { ...names, pods, objects, workloads, records } })
}

function parseKnown(text: string): KnownCluster | undefined {
  try {
    const { names, answeredInMs, objectsAtMs } = JSON.parse(text) as Record<string, unknown>
    return {
      names: typeof names === 'object' && names !== null ? readNames(names as Record<string, unknown>) : undefined,
      answeredInMs: typeof answeredInMs === 'number' ? answeredInMs : undefined,
      objectsAtMs: typeof objectsAtMs === 'number' ? objectsAtMs : undefined,
    }
  } catch {
    return undefined
  }
}

function readNames({
  pods,
  namespaces,
  hasMore,
  ownNamespace,
  objects,
  workloads,
  records,
}: Record<string, unknown>): ClusterNames | undefined {
  if (!Array.isArray(pods) || !Array.isArray(namespaces) || !isNamespaceName(ownNamespace)) return undefined
  return {
    pods: pods.flatMap(readPod),
    namespaces: namespaces.filter(isNamespaceName),
    hasMore: hasMore === true,
    ownNamespace,
    ...(Array.isArray(objects) && { objects: objects.flatMap(readObject) }),
    ...(Array.isArray(workloads) && { workloads: workloads.flatMap(readWorkload) }),
    ...(Array.isArray(records) && { records: records.flatMap(readRecord) }),
  }
}

function readRecord(text: unknown): ListedRecord[] {
  return readPod(text).map(({ namespace, pod }) => ({ namespace, name: pod }))
}

function readPod(text: unknown): ListedPod[] {
  const [namespace, pod, ...more] = String(text).split('/')
  return isNamespaceName(namespace) && isPodName(pod) && more.length === 0 ? [{ namespace, pod }] : []
}

function readWorkload(text: unknown): ListedWorkload[] {
  const [namespace, kindText, name, count, ...more] = String(text).split('/')
  const [kind, podCount] = [listedWorkloadKinds.find((known) => known === kindText), Number(count)]
  const isWhole = kind !== undefined && isNamespaceName(namespace) && isPodName(name) && podCount > 0
  return isWhole && more.length === 0 ? [{ kind, namespace, name, podCount }] : []
}

function readObject(text: unknown): ListedObject[] {
  const [namespace = '', kind, name = '', ...more] = String(text).split('/')
  const object: ListedObject = { namespace, kind: kind as ObjectKind, name }
  return isListedObject(object) && more.length === 0 ? [object] : []
}
