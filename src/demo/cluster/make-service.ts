import { makeUid } from '../random/seeded-random.ts'
import { formatKubeTime, type KubeObject } from './kube-object.ts'

export interface ServiceSettings {
  readonly namespace: string
  readonly name: string
  /** Pod selector; absent if the endpoints are created by hand. */
  readonly selector?: Record<string, string>
  /** Cluster IP; `None` for a headless service. */
  readonly clusterIp: string
  readonly type?: 'ClusterIP' | 'ExternalName'
  /** External name of a service of type ExternalName. */
  readonly externalName?: string
  /** Address families; default IPv4. */
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[]
  readonly publishNotReadyAddresses?: boolean
  readonly port: number
  readonly targetPort: number
  readonly portName: string
  readonly protocol?: 'TCP' | 'UDP'
  /** Creation time, in milliseconds since the epoch; default now. */
  readonly createdAtMs?: number
}

export function makeService(settings: ServiceSettings): KubeObject {
  const { namespace, name, clusterIp, selector, publishNotReadyAddresses, ipFamilies = ['IPv4'] } = settings
  const isExternal = settings.type === 'ExternalName'
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace,
      uid: makeUid('Service', namespace, name),
      resourceVersion: '',
      creationTimestamp: formatKubeTime(settings.createdAtMs ?? Date.now()),
      ...(selector === undefined ? {} : { labels: selector }),
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
      ...(selector === undefined ? {} : { selector }),
      ...(isExternal
        ? { externalName: settings.externalName }
        : {
            clusterIP: clusterIp,
            clusterIPs: [clusterIp],
            ipFamilies,
            ipFamilyPolicy: ipFamilies.length > 1 ? 'RequireDualStack' : 'SingleStack',
            internalTrafficPolicy: 'Cluster',
          }),
      type: settings.type ?? 'ClusterIP',
      sessionAffinity: 'None',
      ...(publishNotReadyAddresses === undefined ? {} : { publishNotReadyAddresses }),
    },
    status: { loadBalancer: {} },
  }
}
