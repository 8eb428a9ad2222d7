import { makeUid } from '../seeded-random.ts'
import { formatKubeTime, isPod, type KubeObject, type Pod } from './kube-object.ts'
import type { ObjectStore } from './object-store.ts'

export interface ServiceSettings {
  readonly namespace: string
  readonly name: string
  readonly selector: Record<string, string>
  readonly clusterIp: string
  readonly port: number
  readonly targetPort: number
  readonly portName: string
  readonly protocol?: 'TCP' | 'UDP'
  readonly createdAtMs: number
}

export function makeService(settings: ServiceSettings): KubeObject {
  const { namespace, name, clusterIp } = settings
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace,
      uid: makeUid('Service', namespace, name),
      resourceVersion: '',
      creationTimestamp: formatKubeTime(settings.createdAtMs),
      labels: settings.selector,
    },
    spec: {
      ports: [
        {
          name: settings.portName,
          protocol: settings.protocol ?? 'TCP',
          port: settings.port,
          targetPort: settings.targetPort,
        },
      ],
      selector: settings.selector,
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  }
}

interface ServicePort {
  readonly name: string
  readonly protocol: string
  readonly targetPort: number
}

/** What the endpoints controllers do: Endpoints and one EndpointSlice a service, from the pods its selector finds. */
export function reconcileEndpoints(store: ObjectStore, namespace: string): void {
  const pods = store.list('pods', namespace).filter(isPod)
  for (const service of store.list('services', namespace)) {
    const selector = service.spec?.selector as Record<string, string> | undefined
    if (selector === undefined) continue
    const backends = pods.filter(
      (pod) =>
        pod.status.podIP !== undefined &&
        pod.status.phase === 'Running' &&
        Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
    )
    putIfChanged(store, 'endpointslices', makeEndpointSlice(service, backends))
    putIfChanged(store, 'endpoints', makeEndpoints(service, backends))
  }
}

function putIfChanged(store: ObjectStore, plural: string, object: KubeObject): void {
  const present = store.get(plural, object.metadata.namespace, object.metadata.name)
  const content = (of: KubeObject) => JSON.stringify([of.endpoints, of.subsets])
  if (present === undefined || content(present) !== content(object)) store.put(object)
}

function isReady(pod: Pod): boolean {
  return pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}

function makeEndpointSlice(service: KubeObject, pods: readonly Pod[]): KubeObject {
  const { name, namespace = '', uid } = service.metadata
  const ports = service.spec?.ports as ServicePort[]
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      name: `${name}-${makeUid(namespace, name).slice(0, 5)}`,
      generateName: `${name}-`,
      namespace,
      uid: makeUid('EndpointSlice', namespace, name),
      resourceVersion: '',
      creationTimestamp: service.metadata.creationTimestamp,
      labels: {
        ...service.metadata.labels,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': name,
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    addressType: 'IPv4',
    endpoints: pods.map((pod) => ({
      addresses: [pod.status.podIP],
      conditions: {
        ready: isReady(pod),
        serving: isReady(pod),
        terminating: pod.metadata.deletionTimestamp !== undefined,
      },
      targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
      nodeName: pod.spec.nodeName,
    })),
    ports: ports.map((port) => ({ name: port.name, port: port.targetPort, protocol: port.protocol })),
  }
}

function makeEndpoints(service: KubeObject, pods: readonly Pod[]): KubeObject {
  const { name, namespace = '' } = service.metadata
  const ports = service.spec?.ports as ServicePort[]
  const addressesOf = (ready: boolean) =>
    pods
      .filter((pod) => isReady(pod) === ready)
      .map((pod) => ({
        ip: pod.status.podIP,
        nodeName: pod.spec.nodeName,
        targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
      }))
  const addresses = addressesOf(true)
  const notReadyAddresses = addressesOf(false)
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace,
      uid: makeUid('Endpoints', namespace, name),
      resourceVersion: '',
      creationTimestamp: service.metadata.creationTimestamp,
      ...(service.metadata.labels === undefined ? {} : { labels: service.metadata.labels }),
    },
    ...(pods.length === 0
      ? {}
      : {
          subsets: [
            {
              ...(addresses.length > 0 ? { addresses } : {}),
              ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
              ports: ports.map((port) => ({ name: port.name, port: port.targetPort, protocol: port.protocol })),
            },
          ],
        }),
  }
}
