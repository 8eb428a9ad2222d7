import type { V1EndpointSlice, V1Endpoints, V1Node, V1Pod, V1Service } from '@kubernetes/client-node'
import { mapOf, text } from './answer-shape.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { followPage, getJson, tableAccept } from './kube-request.ts'

/** Objects a page: what kubectl asks for (`--chunk-size`). */
const pageSize = 500
const texts = mapOf(text)

export interface PodRow {
  readonly namespace: string
  readonly name: string
  /** As kubectl prints it: `Running`, `Pending`, `CrashLoopBackOff`; undefined where the server sent no Table. */
  readonly status: string | undefined
}

interface ListMeta {
  readonly metadata?: { readonly continue?: string }
}
interface NamedItem {
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
}
interface TableAnswer extends ListMeta {
  readonly kind?: string
  readonly columnDefinitions?: readonly { readonly name: string }[]
  readonly rows?: readonly { readonly cells?: readonly unknown[]; readonly object?: NamedItem }[]
  readonly items?: readonly (NamedItem & { readonly status?: { readonly phase?: string } })[]
}

export interface ListOptions {
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  /** `status.phase=Running` */
  readonly fieldSelector?: string | undefined
  readonly limit?: number
  readonly signal: AbortSignal
}

export async function getPod(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<V1Pod | undefined> {
  return await getJson<V1Pod>(access, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'pods', namespace, name },
    signal,
  })
}

export async function getNode(access: ClusterAccess, name: string, signal: AbortSignal): Promise<V1Node | undefined> {
  return await getJson<V1Node>(access, {
    path: `/api/v1/nodes/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'nodes', name },
    signal,
  })
}

/** Names and states of pods, a page at a time. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export async function listPods(access: ClusterAccess, options: ListOptions): Promise<PodRow[]> {
  const rows: PodRow[] = []
  for await (const answer of pages(access, { resource: 'pods' }, options)) {
    const statusColumn = answer.columnDefinitions?.findIndex((column) => column.name === 'Status') ?? -1
    for (const row of answer.rows ?? []) {
      const { name, namespace } = row.object?.metadata ?? {}
      if (name !== undefined && namespace !== undefined)
        rows.push({ namespace, name, status: readCell(row.cells, statusColumn) })
    }
    for (const item of answer.items ?? []) {
      const { name, namespace } = item.metadata ?? {}
      if (name !== undefined && namespace !== undefined) rows.push({ namespace, name, status: item.status?.phase })
    }
    if (options.limit !== undefined && rows.length >= options.limit) break
  }
  return options.limit === undefined ? rows : rows.slice(0, options.limit)
}

/** A cell may hold numbers and objects too; a column that is missing has the number -1. */
function readCell(cells: readonly unknown[] | undefined, column: number): string | undefined {
  const cell = cells?.[column]
  return typeof cell === 'string' ? cell : undefined
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
  const names: { name: string; namespace: string | undefined }[] = []
  for await (const answer of pages(access, typeof listed === 'string' ? { resource: listed } : listed, options)) {
    for (const item of [...(answer.rows ?? []).map((row) => row.object), ...(answer.items ?? [])]) {
      if (item?.metadata?.name !== undefined)
        names.push({ name: item.metadata.name, namespace: item.metadata.namespace })
    }
  }
  return names
}

async function* pages<Answer extends ListMeta = TableAnswer>(
  access: ClusterAccess,
  { apiGroup, resource }: ListedResource,
  options: ListOptions,
  { accept }: { readonly accept: string } = { accept: tableAccept },
): AsyncGenerator<Answer> {
  const root = apiGroup === undefined ? '/api/v1' : `/apis/${apiGroup}/v1`
  const scope = options.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(options.namespace)}`
  let next: string | undefined
  let count = 0
  do {
    const query = new URLSearchParams({ limit: String(Math.min(pageSize, options.limit ?? pageSize)) })
    if (options.labelSelector) query.set('labelSelector', options.labelSelector)
    if (options.fieldSelector) query.set('fieldSelector', options.fieldSelector)
    if (next) query.set('continue', next)
    const answer = await getJson<Answer>(access, {
      path: `${root}${scope}/${resource}?${query}`,
      accept,
      action: { verb: 'list', resource, ...(apiGroup !== undefined && { apiGroup }), namespace: options.namespace },
      signal: options.signal,
    })
    if (answer === undefined) return
    yield answer
    next = followPage(`${root}${scope}/${resource}`, answer.metadata?.continue, next, ++count)
  } while (next)
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
      (await getJson(access, { path, action: { verb: 'get', resource: 'namespaces', name }, signal })) !== undefined
    )
  } catch (error) {
    if (signal.aborted) throw error
    return undefined
  }
}

/** Whole pods, a page at a time. */
export async function listPodObjects(access: ClusterAccess, options: ListOptions): Promise<V1Pod[]> {
  const pods: V1Pod[] = []
  const whole = { accept: 'application/json' }
  for await (const answer of pages<{ items?: V1Pod[] } & ListMeta>(access, { resource: 'pods' }, options, whole))
    for (const pod of answer.items ?? []) pods.push(pod)
  return pods
}

/** The label selector of a service's pods; undefined when it has none, or when there is no such service. */
export async function getServiceSelector(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const service = await getJson<V1Service>(access, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'services', namespace, name },
    signal,
  })
  const labels = Object.entries((texts(service?.spec?.selector) ?? {}) as object).map(
    ([key, value]) => `${key}=${value}`,
  )
  return labels.length === 0 ? undefined : labels.join(',')
}

/** Names of the pods behind a service, from EndpointSlices, or from Endpoints before Kubernetes 1.21. undefined: no such service. */
export async function listServicePods(
  access: ClusterAccess,
  namespace: string,
  service: string,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const scope = `namespaces/${encodeURIComponent(namespace)}`
  const selector = new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${service}` })
  const slices = await getJson<{ items?: V1EndpointSlice[] }>(access, {
    path: `/apis/discovery.k8s.io/v1/${scope}/endpointslices?${selector}`,
    action: { verb: 'list', resource: 'endpointslices', apiGroup: 'discovery.k8s.io', namespace },
    signal,
  })
  if (slices?.items !== undefined && slices.items.length > 0) {
    return podNames(slices.items.flatMap((slice) => (slice.endpoints ?? []).map((endpoint) => endpoint.targetRef)))
  }
  const endpoints = await getJson<V1Endpoints>(access, {
    path: `/api/v1/${scope}/endpoints/${encodeURIComponent(service)}`,
    action: { verb: 'get', resource: 'endpoints', namespace, name: service },
    signal,
  })
  if (endpoints === undefined) return undefined
  return podNames(
    (endpoints.subsets ?? []).flatMap((subset) =>
      [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])].map((address) => address.targetRef),
    ),
  )
}

/** Where the API servers listen, as the cluster's own pods find them. */
export async function listApiEndpoints(
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<{ host: string; port: number }[]> {
  const namespace = 'default'
  const endpoints = await getJson<V1Endpoints>(access, {
    path: `/api/v1/namespaces/${namespace}/endpoints/kubernetes`,
    action: { verb: 'get', resource: 'endpoints', namespace, name: 'kubernetes' },
    signal,
  })
  return (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    addresses.flatMap(({ ip }) => ports.map(({ port }) => ({ host: ip, port }))),
  )
}

function podNames(references: readonly ({ kind?: string; name?: string } | undefined)[]): string[] {
  return [
    ...new Set(
      references.flatMap((reference) => (reference?.kind === 'Pod' && reference.name ? [reference.name] : [])),
    ),
  ].sort()
}
