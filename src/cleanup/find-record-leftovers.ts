import type { V1Job } from '@kubernetes/client-node'
import { toKcapError } from '../base/kcap-error.ts'
import { changeObject } from '../kube/change-object.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { readJobs } from '../kube/kube-objects.ts'
import { readList } from '../kube/read-list.ts'
import { recordLabel, recordNamespaceLabel, recordSelector } from '../kube/record-labels.ts'
import type { ListedResource } from '../kube/resource-kinds.ts'
import type { CleanupOptions, FoundLeftover } from './leftover.ts'

const rbac = 'rbac.authorization.k8s.io'
/** What lets recorders read pods, in the order of its removal. */
const rights: readonly ListedResource[] = [
  { apiGroup: rbac, resource: 'rolebindings' },
  { apiGroup: rbac, resource: 'roles' },
  { resource: 'serviceaccounts' },
]
const jobs: ListedResource = { apiGroup: 'batch', resource: 'jobs' }

interface Owned {
  readonly namespace: string
  readonly name: string
  readonly record: string
}

/**
 * Finds what records left: jobs that have ended, and what let their recorders read pods. Names running records, which `kcap record stop` ends.
 */
export async function* findRecordLeftovers(
  access: ClusterAccess,
  options: CleanupOptions,
): AsyncGenerator<FoundLeftover> {
  const { namespace, signal, onFailure } = options
  const running = new Map<string, number>()
  const ended: Owned[] = []
  const elsewhere = new Map<string, Promise<boolean>>()
  try {
    for await (const page of readJobs(access, { namespace, labelSelector: recordSelector, signal })) {
      for (const job of page) {
        const owned = readOwned(job)
        if (hasEnded(job)) ended.push(owned)
        else running.set(owned.record, (running.get(owned.record) ?? 0) + 1)
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    // Whoever may not list jobs has started no record.
    if (toKcapError(error).code !== 'api-forbidden') onFailure('records', toKcapError(error).message)
    return
  }
  /** Reports whether a record runs. Its jobs may be in a namespace that was not looked into. */
  const isRunning = async (record: string) => {
    const [home = '', name = ''] = record.split('/')
    if (running.has(record)) return true
    if (namespace === undefined || namespace === home) return false
    const known = elsewhere.get(record) ?? hasRunningJob(access, home, name, signal)
    elsewhere.set(record, known)
    return await known
  }
  for (const [record, count] of running) {
    const what = `record on ${count === 1 ? '1 node' : `${count} nodes`}; kcap record stop ends it`
    yield { kind: 'record', place: record, what, state: 'kept' }
  }
  for (const owned of ended) yield await remove(access, jobs, owned, options)
  for (const resource of rights) {
    for (const owned of await listOwned(access, resource, options))
      if (!(await isRunning(owned.record))) yield await remove(access, resource, owned, options)
  }
}

/** Reports whether a job of the record runs; also when nobody can say. */
async function hasRunningJob(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const labelSelector = `${recordSelector},${recordLabel}=${name}`
    for await (const page of readJobs(access, { namespace, labelSelector, signal }))
      if (page.some((job) => !hasEnded(job))) return true
    return false
  } catch {
    signal.throwIfAborted()
    return true
  }
}

async function listOwned(
  access: ClusterAccess,
  { apiGroup, resource }: ListedResource,
  { namespace, signal, onFailure }: CleanupOptions,
): Promise<Owned[]> {
  const root = apiGroup === undefined ? '/api/v1' : `/apis/${apiGroup}/v1`
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  const action = { verb: 'list', resource, namespace, ...(apiGroup !== undefined && { apiGroup }) } as const
  const found: Owned[] = []
  try {
    const request = { path: `${root}${scope}/${resource}`, action, labelSelector: recordSelector, signal }
    for await (const { items } of readList<V1Job>(access, request)) found.push(...items.map(readOwned))
  } catch (error) {
    signal.throwIfAborted()
    if (toKcapError(error).code !== 'api-forbidden') onFailure(resource, toKcapError(error).message)
  }
  return found
}

async function remove(
  access: ClusterAccess,
  { apiGroup, resource }: ListedResource,
  { namespace, name, record }: Owned,
  { dryRun, signal, onFailure }: CleanupOptions,
): Promise<FoundLeftover> {
  const root = apiGroup === undefined ? '/api/v1' : `/apis/${apiGroup}/v1`
  const leftover = {
    kind: 'record',
    place: `${namespace}/${name}`,
    what: `${resource.replace(/s$/, '')} of the record ${record.split('/')[1]}, which has ended`,
  } as const
  if (dryRun) return { ...leftover, state: 'found' }
  try {
    await changeObject(access, {
      method: 'DELETE',
      path: `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`,
      body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
      action: { verb: 'delete', resource, namespace, name, ...(apiGroup !== undefined && { apiGroup }) },
      signal,
    })
    return { ...leftover, state: 'removed' }
  } catch (error) {
    signal.throwIfAborted()
    onFailure(leftover.place, toKcapError(error).message)
    return { ...leftover, state: 'kept' }
  }
}

function readOwned({ metadata }: Pick<V1Job, 'metadata'>): Owned {
  const { namespace = '', name = '' } = metadata ?? {}
  const { [recordLabel]: record = '', [recordNamespaceLabel]: home = namespace } = metadata?.labels ?? {}
  return { namespace, name, record: `${home}/${record}` }
}

function hasEnded({ status }: V1Job): boolean {
  return status?.conditions?.some(({ type, status: is }) => /^(Complete|Failed)$/.test(type) && is === 'True') === true
}
