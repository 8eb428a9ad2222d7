import { isIP } from 'node:net'
import { makeUid } from '../random/seeded-random.ts'
import { isPodObject, type KubeObject, type Pod } from './kube-object.ts'
import type { ObjectStore } from './object-store.ts'

interface ServicePort {
  readonly name: string
  readonly protocol: string
  readonly targetPort: number
}

interface ServiceSpec {
  readonly type: string
  readonly selector?: Record<string, string>
  readonly clusterIP?: string
  readonly ports: readonly ServicePort[]
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[]
  readonly publishNotReadyAddresses?: boolean
}

/** Address of an Endpoints object. */
export interface ServedEndpoint {
  readonly ip: string
  readonly nodeName?: string
  readonly targetRef?: object
}

export type SliceEndpoint = { readonly addresses: readonly (string | undefined)[]; readonly [field: string]: unknown }

/** Updates the Endpoints and EndpointSlices of a namespace's services with a selector: k8s.io/kubernetes/pkg/controller/{endpoint,endpointslice}. */
export function reconcileEndpoints(store: ObjectStore, namespace: string): void {
  const pods = store.list('pods', namespace).filter(isPodObject)
  for (const service of store.list('services', namespace)) {
    const spec = service.spec as unknown as ServiceSpec
    if (spec.type === 'ExternalName' || spec.selector === undefined) continue
    const selector = Object.entries(spec.selector)
    const backends = pods.filter(
      (pod) => isBackend(pod) && selector.every(([key, value]) => pod.metadata.labels?.[key] === value),
    )
    for (const family of spec.ipFamilies ?? ['IPv4'])
      putIfChanged(store, makeEndpointSlice(service, spec, family, backends))
    putIfChanged(store, makeEndpoints(service, spec, backends))
  }
}

/** Returns whether a pod is a backend: k8s.io/endpointslice/util, ShouldPodBeInEndpoints. */
function isBackend({ status }: Pod): boolean {
  return status.phase !== 'Succeeded' && status.phase !== 'Failed' && status.podIP !== undefined
}

export function putIfChanged(store: ObjectStore, object: KubeObject): void {
  const plural = object.kind === 'Endpoints' ? 'endpoints' : 'endpointslices'
  const present = store.get(plural, object.metadata.namespace, object.metadata.name)
  const content = (of: KubeObject) => JSON.stringify([of.endpoints, of.ports, of.subsets])
  if (present === undefined || content(present) !== content(object)) store.put(object)
}

function isReady(pod: Pod): boolean {
  return pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}

function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined
}

function targetOf({ metadata }: Pod): object {
  return { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid }
}

export function isOfFamily(ip: string, family: string): boolean {
  return isIP(ip) === (family === 'IPv6' ? 6 : 4)
}

/** Returns an empty list as null, like Go. */
function listOrNull<Item>(items: readonly Item[]): readonly Item[] | null {
  return items.length === 0 ? null : items
}

function makeEndpointSlice(
  service: KubeObject,
  { ports, clusterIP, publishNotReadyAddresses = false }: ServiceSpec,
  family: 'IPv4' | 'IPv6',
  pods: readonly Pod[],
): KubeObject {
  const endpoints = pods.flatMap((pod): SliceEndpoint[] => {
    const addresses = (pod.status.podIPs ?? []).map(({ ip }) => ip).filter((ip) => isOfFamily(ip, family))
    if (addresses.length === 0) return []
    const serving = isReady(pod)
    const terminating = isTerminating(pod)
    const ready = publishNotReadyAddresses || (serving && !terminating)
    return [
      {
        addresses,
        conditions: { ready, serving, terminating },
        targetRef: targetOf(pod),
        nodeName: pod.spec.nodeName,
      },
    ]
  })
  return makeSlice(service, service, family, endpoints, {
    manager: 'endpointslice-controller.k8s.io',
    labels: clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {},
    ports: endpoints.length === 0 ? [] : formatPorts(ports),
  })
}

export function makeSlice(
  service: KubeObject,
  owner: KubeObject,
  family: string,
  endpoints: readonly SliceEndpoint[],
  {
    manager,
    labels = {},
    ports,
    index = 0,
  }: {
    readonly manager: string
    readonly labels?: Record<string, string>
    readonly ports: readonly object[]
    /** Index of the slice if one address family has several. */
    readonly index?: number
  },
): KubeObject {
  const { name, namespace = '' } = service.metadata
  const { kind, apiVersion, metadata } = owner
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      name: `${name}-${makeUid(namespace, name, kind, family, index).slice(0, 5)}`,
      generateName: `${name}-`,
      namespace,
      uid: makeUid('EndpointSlice', namespace, name, kind, family, index),
      resourceVersion: '',
      creationTimestamp: metadata.creationTimestamp,
      labels: {
        ...metadata.labels,
        ...labels,
        'endpointslice.kubernetes.io/managed-by': manager,
        'kubernetes.io/service-name': name,
      },
      ownerReferences: [
        { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    addressType: family,
    endpoints: listOrNull(endpoints),
    ports: listOrNull(ports),
  }
}

function formatPorts(ports: readonly ServicePort[]): object[] {
  return ports.map(({ name, targetPort, protocol }) => ({ name, port: targetPort, protocol }))
}

/** Returns the Endpoints. Terminating pods are included only for services that publish addresses that are not ready. */
function makeEndpoints(service: KubeObject, spec: ServiceSpec, backends: readonly Pod[]): KubeObject {
  const { name, namespace = '' } = service.metadata
  const { publishNotReadyAddresses = false, clusterIP } = spec
  const pods = backends.filter((pod) => publishNotReadyAddresses || !isTerminating(pod))
  const labels = {
    ...service.metadata.labels,
    ...(clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {}),
  }
  const addressesOf = (ready: boolean): ServedEndpoint[] =>
    pods
      .filter((pod) => (publishNotReadyAddresses || isReady(pod)) === ready)
      .flatMap((pod) => {
        const family = spec.ipFamilies?.[0] ?? 'IPv4'
        const ip = (pod.status.podIPs ?? []).map((known) => known.ip).find((known) => isOfFamily(known, family))
        return ip === undefined
          ? []
          : [
              {
                ip,
                ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
                targetRef: targetOf(pod),
              },
            ]
      })
  const addresses = addressesOf(true)
  const notReadyAddresses = addressesOf(false)
  const subset = {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ports: formatPorts(spec.ports),
  }
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace,
      uid: makeUid('Endpoints', namespace, name),
      resourceVersion: '',
      creationTimestamp: service.metadata.creationTimestamp,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
    ...(addresses.length + notReadyAddresses.length === 0 ? {} : { subsets: [subset] }),
  }
}
