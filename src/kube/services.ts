import type {
  DiscoveryV1EndpointPort,
  V1EndpointSlice,
  V1Endpoints,
  V1ObjectReference,
  V1Service,
} from '@kubernetes/client-node'
import type { ClusterAccess } from './cluster-access.ts'
import type { KubeAction } from './kube-error.ts'
import { requestObject } from './kube-request.ts'
import { formatLabels } from './label-selector.ts'
import { makeKeptSize, readList, tooManyObjects } from './read-list.ts'

export interface Service {
  /** Label selector of its pods; undefined when it has none, and for ExternalName, which ignores it. */
  readonly selector: string | undefined
  /** DNS name that an ExternalName service stands for. */
  readonly externalName: string | undefined
  /** Whether it has no cluster IP: its name then resolves to the addresses of its endpoints. */
  readonly isHeadless: boolean
}

/**
 * Returns a service; undefined when there is none of that name.
 * @throws {KcapError} api-* — when the request fails
 */
export async function getService(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Service | undefined> {
  const service = await requestObject<V1Service>(access, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource: 'services', namespace, name },
    signal,
  })
  if (service === undefined) return undefined
  const { type, selector, externalName, clusterIP } = service.spec ?? {}
  return {
    selector: type === 'ExternalName' ? undefined : formatLabels(selector) || undefined,
    externalName: type === 'ExternalName' ? (externalName ?? '') : undefined,
    isHeadless: clusterIP === 'None',
  }
}

/** Address of endpoints that name no pod. */
export interface EndpointAddress {
  /** Ports as `8080/TCP`; empty when the endpoints restrict no ports. */
  readonly ports: ReadonlySet<string>
  /** Name of the node, if the endpoint says that it is one. */
  readonly node: string | undefined
}

/** API objects that list a service's endpoints, in the form that lists and watches need. */
export interface EndpointObjects {
  readonly path: string
  readonly action: Omit<KubeAction, 'verb'>
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** Endpoints of a service, ready or not. */
export interface ServiceEndpoints {
  /** Pods that the endpoints name. */
  readonly pods: readonly { readonly namespace: string; readonly name: string }[]
  /** Addresses of the other endpoints: IP addresses, or host names in slices of the type FQDN. */
  readonly addresses: ReadonlyMap<string, EndpointAddress>
  readonly source: EndpointObjects
}

/**
 * Returns the endpoints of a service from its EndpointSlices, also in the version before Kubernetes 1.21, or from its Endpoints; undefined when there
 * are neither.
 * @throws {KcapError} api-* — when a request fails
 */
export async function listServiceEndpoints(
  access: ClusterAccess,
  namespace: string,
  service: string,
  signal: AbortSignal,
): Promise<ServiceEndpoints | undefined> {
  const found = makeEndpoints(access, namespace)
  for (const version of ['v1', 'v1beta1']) {
    const source = {
      path: `/apis/discovery.k8s.io/${version}/namespaces/${encodeURIComponent(namespace)}/endpointslices`,
      action: { resource: 'endpointslices', apiGroup: 'discovery.k8s.io', namespace },
      labelSelector: `kubernetes.io/service-name=${service}`,
    }
    const request = { ...source, action: { ...source.action, verb: 'list' as const }, signal }
    let isServed = false
    let hasSlices = false
    for await (const { items } of readList<V1EndpointSlice>(access, request)) {
      isServed = true
      hasSlices ||= items.length > 0
      for (const slice of items) found.addSlice(slice)
    }
    if (hasSlices) return found.result(source)
    if (isServed) break
  }
  return await getEndpoints(access, namespace, service, signal)
}

async function getEndpoints(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<ServiceEndpoints | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/endpoints`
  const action = { resource: 'endpoints', namespace }
  const endpoints = await requestObject<V1Endpoints>(access, {
    path: `${path}/${encodeURIComponent(name)}`,
    action: { ...action, verb: 'get', name },
    signal,
  })
  if (endpoints === undefined) return undefined
  const found = makeEndpoints(access, namespace)
  for (const { addresses = [], notReadyAddresses = [], ports } of endpoints.subsets ?? []) {
    const formatted = found.addPorts(ports)
    for (const { ip, targetRef } of [...addresses, ...notReadyAddresses]) found.add([ip], targetRef, formatted)
  }
  return found.result({ path, action, fieldSelector: `metadata.name=${name}` })
}

/** Collects endpoints, up to the memory limit. */
function makeEndpoints(access: ClusterAccess, namespace: string) {
  const pods = new Map<string, { namespace: string; name: string }>()
  const addresses = new Map<string, EndpointAddress>()
  const size = makeKeptSize()
  const keep = (kept: unknown) => {
    if (!size.add(kept)) throw tooManyObjects(access, 'endpointslices')
  }
  const addPorts = (ports: readonly DiscoveryV1EndpointPort[] | undefined): ReadonlySet<string> => {
    const formatted = (ports ?? []).map(({ port, protocol }) => formatPort(port, protocol))
    keep(formatted)
    return new Set(formatted)
  }
  const addAddress = (address: string, added: ReadonlySet<string>, node: string | undefined) => {
    const before = addresses.get(address)
    if (before === undefined) keep([address, node])
    // Endpoints of a slice share its ports.
    let ports = before?.ports ?? added
    if (![...added].every((port) => ports.has(port))) {
      ports = new Set([...ports, ...added])
      keep([...ports])
    }
    addresses.set(address, { ports, node: node ?? before?.node })
  }
  const add = (ips: readonly string[], target: V1ObjectReference | undefined, ports: ReadonlySet<string>) => {
    if (target?.kind === 'Pod' && target.name) {
      const pod = { namespace: target.namespace ?? namespace, name: target.name }
      keep(pod)
      pods.set(`${pod.namespace}/${pod.name}`, pod)
      return
    }
    const node = target?.kind === 'Node' ? target.name : undefined
    for (const ip of ips) if (ip !== undefined) addAddress(ip, ports, node)
  }
  return {
    add,
    addPorts,
    addSlice(slice: V1EndpointSlice) {
      const ports = addPorts(slice.ports)
      for (const { addresses: ips = [], targetRef } of slice.endpoints ?? []) add(ips, targetRef, ports)
    },
    result: (source: EndpointObjects): ServiceEndpoints => ({ pods: [...pods.values()], addresses, source }),
  }
}

/** Formats a port of a container or an endpoint as kubectl does: `8080/TCP`. */
export function formatPort(port: number | undefined, protocol = 'TCP'): string {
  return `${port ?? ''}/${protocol}`
}
