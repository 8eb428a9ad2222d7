import { isIP } from 'node:net'
import type { V1EndpointSlice, V1Endpoints, V1Node, V1ObjectReference, V1Pod, V1Service } from '@kubernetes/client-node'
import type { ClusterAccess } from './cluster-access.ts'
import { requestObject } from './kube-request.ts'
import { formatLabels } from './label-selector.ts'
import { type ListHead, makeKeptSize, pageSize, readList, tableAccept, tooManyObjects } from './read-list.ts'

/** A control plane has three or five; each is two terms of the filter. */
const mostEndpoints = 16

export interface PodRow {
  readonly namespace: string
  readonly name: string
  /** As kubectl prints it: `Running`, `Pending`, `CrashLoopBackOff`; undefined where the server sent no Table. */
  readonly status: string | undefined
}

interface NamedItem {
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
}
/** A row of a Table, or an object of a server that makes no Tables. */
interface TableRow extends NamedItem {
  readonly cells?: readonly string[]
  readonly object?: NamedItem
  readonly status?: { readonly phase?: string }
}

export interface ListOptions {
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  /** `status.phase=Running` */
  readonly fieldSelector?: string | undefined
  /** More are not read. */
  readonly limit?: number
  /** Called when more are left out than were wanted: memory has a limit of its own. */
  readonly onCut?: () => void
  readonly signal: AbortSignal
}

export async function getPod(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<V1Pod | undefined> {
  return await requestObject<V1Pod>(access, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'pods', namespace, name },
    signal,
  })
}

export async function getNode(access: ClusterAccess, name: string, signal: AbortSignal): Promise<V1Node | undefined> {
  return await requestObject<V1Node>(access, {
    path: `/api/v1/nodes/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'nodes', name },
    signal,
  })
}

/** Names and states of pods. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export async function listPods(access: ClusterAccess, options: ListOptions): Promise<PodRow[]> {
  return await collect(access, 'pods', options, ({ cells, object, ...item }: TableRow, { columnDefinitions }) => {
    const { name, namespace } = (object ?? item).metadata ?? {}
    if (name === undefined || namespace === undefined) return undefined
    const statusColumn = columnDefinitions?.findIndex((column) => column.name === 'Status') ?? -1
    return { namespace, name, status: cells?.[statusColumn] || item.status?.phase }
  })
}

/** A kind of objects; without a group those of the core. */
export interface ListedResource {
  readonly apiGroup?: string
  readonly resource: string
}

/** Names of namespaces, nodes, or of the services or workloads of a namespace. */
export async function listNames(
  access: ClusterAccess,
  listed: 'namespaces' | 'nodes' | 'services' | ListedResource,
  options: ListOptions,
): Promise<{ name: string; namespace: string | undefined }[]> {
  return await collect(access, listed, options, ({ object, metadata = object?.metadata }: TableRow) =>
    metadata?.name === undefined ? undefined : { name: metadata.name, namespace: metadata.namespace },
  )
}

/** Returns the results of `pick` for the items, up to the limit or to the memory kept of a list. */
async function collect<Item, Picked>(
  access: ClusterAccess,
  listed: string | ListedResource,
  options: ListOptions,
  pick: (item: Item, head: ListHead) => Picked | undefined,
): Promise<Picked[]> {
  const { limit = Number.POSITIVE_INFINITY, onCut = () => {} } = options
  const picked: Picked[] = []
  const size = makeKeptSize()
  let surplus = 0
  const request = { ...requestOf(listed, options), accept: tableAccept }
  for await (const { items, head } of readList<Item>(access, request)) {
    for (const item of items) {
      const one = pick(item, head)
      if (one === undefined) continue
      if (picked.length >= limit) {
        // The rest of an honest page is read, so that its connection serves the next request.
        if (++surplus > pageSize) return picked
        continue
      }
      if (!size.add(one)) {
        onCut()
        return picked
      }
      picked.push(one)
    }
    // The end of a page, whose connection is whole: the next one is not needed.
    if (items.length === 0 && picked.length >= limit) return picked
  }
  return picked
}

/** Whole pods, some at a time. */
export async function* readPods(access: ClusterAccess, options: ListOptions): AsyncGenerator<readonly V1Pod[]> {
  for await (const { items } of readList<V1Pod>(access, requestOf('pods', options))) yield items
}

function requestOf(listed: string | ListedResource, options: ListOptions) {
  const { apiGroup, resource }: ListedResource = typeof listed === 'string' ? { resource: listed } : listed
  const { namespace } = options
  const root = apiGroup === undefined ? '/api/v1' : `/apis/${apiGroup}/v1`
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return {
    ...options,
    path: `${root}${scope}/${resource}`,
    action: { verb: 'list' as const, resource, namespace, ...(apiGroup !== undefined && { apiGroup }) },
  }
}

/** Whether a namespace is there; undefined when the login may not ask. */
export async function hasNamespace(
  access: ClusterAccess,
  name: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(name)}`
    return (
      (await requestObject(access, { path, action: { verb: 'get', resource: 'namespaces', name }, signal })) !==
      undefined
    )
  } catch (error) {
    if (signal.aborted) throw error
    return undefined
  }
}

/** The label selector of a service's pods; undefined when it has none, or when there is no such service. */
export async function getServiceSelector(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const service = await requestObject<V1Service>(access, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'services', namespace, name },
    signal,
  })
  return formatLabels(service?.spec?.selector) || undefined
}

/** Names of the pods behind a service, from EndpointSlices, or from Endpoints before Kubernetes 1.21. undefined: no such service. */
export async function listServicePods(
  access: ClusterAccess,
  namespace: string,
  service: string,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const names = new Set<string>()
  const size = makeKeptSize()
  const take = (reference: V1ObjectReference | undefined) => {
    if (reference?.kind !== 'Pod' || !reference.name) return
    if (!size.add(reference.name)) throw tooManyObjects(access, 'endpointslices')
    names.add(reference.name)
  }
  const slices = readList<V1EndpointSlice>(access, {
    path: `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`,
    action: { verb: 'list', resource: 'endpointslices', apiGroup: 'discovery.k8s.io', namespace },
    labelSelector: `kubernetes.io/service-name=${service}`,
    signal,
  })
  let hasSlices = false
  for await (const { items } of slices) {
    hasSlices ||= items.length > 0
    for (const { endpoints } of items) for (const { targetRef } of endpoints ?? []) take(targetRef)
  }
  if (hasSlices) return [...names].sort()
  const endpoints = await requestObject<V1Endpoints>(access, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/endpoints/${encodeURIComponent(service)}`,
    action: { verb: 'get', resource: 'endpoints', namespace, name: service },
    signal,
  })
  if (endpoints === undefined) return undefined
  for (const { addresses = [], notReadyAddresses = [] } of endpoints.subsets ?? [])
    for (const { targetRef } of [...addresses, ...notReadyAddresses]) take(targetRef)
  return [...names].sort()
}

/** Where the API servers listen, as the cluster's own pods find them. */
export async function listApiEndpoints(
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<{ host: string; port: number }[]> {
  const namespace = 'default'
  const endpoints = await requestObject<V1Endpoints>(access, {
    path: `/api/v1/namespaces/${namespace}/endpoints/kubernetes`,
    action: { verb: 'get', resource: 'endpoints', namespace, name: 'kubernetes' },
    signal,
  })
  return (endpoints?.subsets ?? [])
    .flatMap(({ addresses = [], ports = [] }) =>
      addresses.flatMap(({ ip }) => ports.map(({ port }) => ({ host: ip, port }))),
    )
    .filter(({ host }) => isIP(host))
    .slice(0, mostEndpoints)
}
