import { isIP } from 'node:net'
import type { V1Endpoints, V1Job, V1Node, V1Pod } from '@kubernetes/client-node'
import type { ClusterAccess } from './cluster-access.ts'
import { requestObject } from './kube-request.ts'
import { type ListHead, makeKeptSize, pageSize, readList, tableAccept } from './read-list.ts'
import { type ListedResource, type ResourceKind, resourceKinds } from './resource-kinds.ts'

/** Maximum number of endpoints. A control plane has three or five; each adds two terms to the filter. */
const mostEndpoints = 16
const pods = resourceKinds.pod

export interface PodRow {
  readonly namespace: string
  readonly name: string
  /** Status as kubectl prints it: `Running`, `Pending`, `CrashLoopBackOff`; undefined when the server sent no Table. */
  readonly status: string | undefined
}

interface ListedObject {
  readonly metadata?: {
    readonly name?: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec?: { readonly containers?: readonly { readonly name: string }[] }
}
/** A row of a Table, or an object from a server without Tables. */
export interface ListItem extends ListedObject {
  readonly cells?: readonly string[]
  readonly object?: ListedObject
  readonly status?: { readonly phase?: string }
}

export interface ListOptions {
  /** Namespace; undefined: all namespaces. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  /** `status.phase=Running` */
  readonly fieldSelector?: string | undefined
  /** Maximum number of objects to read. */
  readonly limit?: number
  /** Called when fewer objects are returned than the limit allows, because memory has a limit of its own. */
  readonly onCut?: () => void
  readonly signal: AbortSignal
}

/**
 * Returns a pod; undefined when it does not exist.
 * @throws {KcapError} api-* — when the request fails
 */
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

/**
 * Returns a node; undefined when it does not exist.
 * @throws {KcapError} api-* — when the request fails
 */
export async function getNode(access: ClusterAccess, name: string, signal: AbortSignal): Promise<V1Node | undefined> {
  return await requestObject<V1Node>(access, {
    path: `/api/v1/nodes/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'nodes', name },
    signal,
  })
}

/**
 * Lists names and states of pods. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 * @throws {KcapError} api-* — when the list fails
 */
export async function listPods(access: ClusterAccess, options: ListOptions): Promise<PodRow[]> {
  return await collectList(access, pods, options, ({ cells, object, ...item }, { columnDefinitions }) => {
    const { name, namespace } = (object ?? item).metadata ?? {}
    if (name === undefined || namespace === undefined) return undefined
    const statusColumn = columnDefinitions?.findIndex((column) => column.name === 'Status') ?? -1
    return { namespace, name, status: cells?.[statusColumn] || item.status?.phase }
  })
}

/**
 * Lists the names of the objects of a kind.
 * @throws {KcapError} api-* — when the list fails
 */
export async function listNames(
  access: ClusterAccess,
  kind: ResourceKind,
  options: ListOptions,
): Promise<{ name: string; namespace: string | undefined }[]> {
  return await collectList(access, resourceKinds[kind], options, ({ object, metadata = object?.metadata }) =>
    metadata?.name === undefined ? undefined : { name: metadata.name, namespace: metadata.namespace },
  )
}

/**
 * Returns the results of `pick` for the items, up to the limit or to the memory that a list may take.
 * @throws {KcapError} api-* — when the list fails
 */
export async function collectList<Picked>(
  access: ClusterAccess,
  listed: ListedResource,
  options: ListOptions & { readonly withContainers?: boolean },
  pick: (item: ListItem, head: ListHead) => Picked | undefined,
): Promise<Picked[]> {
  const { limit = Number.POSITIVE_INFINITY, onCut = () => {} } = options
  const picked: Picked[] = []
  const size = makeKeptSize()
  let surplus = 0
  const { withContainers = false } = options
  const request = { ...requestOf(listed, options), accept: tableAccept, withObjects: withContainers }
  for await (const { items, head } of readList<ListItem>(access, request)) {
    for (const item of items) {
      const one = pick(item, head)
      if (one === undefined) continue
      if (picked.length >= limit) {
        // Reads the rest of an honest page, so that its connection serves the next request.
        if (++surplus > pageSize) return picked
        continue
      }
      if (!size.add(one)) {
        onCut()
        return picked
      }
      picked.push(one)
    }
    // The connection is usable again at the end of a page; the next page is not needed.
    if (items.length === 0 && picked.length >= limit) return picked
  }
  return picked
}

/**
 * Yields whole pods, some at a time.
 * @throws {KcapError} api-* — when the list fails
 */
export async function* readPods(access: ClusterAccess, options: ListOptions): AsyncGenerator<readonly V1Pod[]> {
  for await (const { items } of readList<V1Pod>(access, requestOf(pods, options))) yield items
}

/**
 * Yields whole nodes, some at a time.
 * @throws {KcapError} api-* — when the list fails
 */
export async function* readNodes(access: ClusterAccess, options: ListOptions): AsyncGenerator<readonly V1Node[]> {
  for await (const { items } of readList<V1Node>(access, requestOf(resourceKinds.node, options))) yield items
}

/**
 * Yields whole jobs, some at a time.
 * @throws {KcapError} api-* — when the list fails
 */
export async function* readJobs(access: ClusterAccess, options: ListOptions): AsyncGenerator<readonly V1Job[]> {
  for await (const { items } of readList<V1Job>(access, requestOf(resourceKinds.job, options))) yield items
}

function requestOf({ apiGroup, resource }: ListedResource, options: ListOptions) {
  const { namespace } = options
  const root = apiGroup === undefined ? '/api/v1' : `/apis/${apiGroup}/v1`
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return {
    ...options,
    path: `${root}${scope}/${resource}`,
    action: { verb: 'list' as const, resource, namespace, ...(apiGroup !== undefined && { apiGroup }) },
  }
}

/** Reports whether a namespace exists; undefined when the login may not ask. */
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

/**
 * Lists the addresses of the API servers, as the cluster's own pods find them.
 * @throws {KcapError} api-* — when the request fails
 */
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
