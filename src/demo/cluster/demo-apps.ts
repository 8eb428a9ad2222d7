import type { PodSettings } from './make-pod.ts'
import type { ServiceSettings } from './make-service.ts'

export interface DemoPodSettings extends PodSettings {
  /** Name of the capture tools in its containers; default `tcpdump`. */
  readonly tools?: string
}

export const kubeDnsAddress = '10.96.0.10'
export const serviceAddresses = {
  orders: '10.96.14.21',
  web: '10.96.77.3',
  payments: '10.96.120.9',
  db: '10.96.33.54',
} as const

export interface App {
  readonly namespace: string
  readonly app: string
  readonly kind: 'Deployment' | 'StatefulSet'
  readonly hash: string
  readonly containers: readonly { readonly name: string; readonly port?: number }[]
  readonly pods: readonly { readonly name: string; readonly ip: string; readonly nodeName: string }[]
  readonly defaultContainer?: string
}

export const apps: readonly App[] = [
  {
    namespace: 'prod',
    app: 'orders',
    kind: 'Deployment',
    hash: '',
    containers: [
      { name: 'api', port: 8080 },
      { name: 'proxy', port: 8081 },
    ],
    pods: [
      { name: 'orders-6c9f', ip: '10.244.1.17', nodeName: 'demo-node-1' },
      { name: 'orders-x2x7', ip: '10.244.2.23', nodeName: 'demo-node-2' },
    ],
    defaultContainer: 'api',
  },
  {
    namespace: 'prod',
    app: 'payments',
    kind: 'Deployment',
    hash: '7d4b',
    containers: [{ name: 'payments', port: 8443 }],
    pods: [{ name: 'payments-7d4b', ip: '10.244.2.31', nodeName: 'demo-node-2' }],
  },
  {
    namespace: 'prod',
    app: 'web',
    kind: 'Deployment',
    hash: '5f8c',
    containers: [{ name: 'web', port: 80 }],
    pods: [{ name: 'web-5f8c', ip: '10.244.1.9', nodeName: 'demo-node-1' }],
  },
  {
    namespace: 'prod',
    app: 'db',
    kind: 'StatefulSet',
    hash: '',
    containers: [{ name: 'db', port: 5432 }],
    pods: [{ name: 'db-0', ip: '10.244.2.40', nodeName: 'demo-node-2' }],
  },
  {
    namespace: 'staging',
    app: 'orders',
    kind: 'Deployment',
    hash: 'b8d1',
    containers: [
      { name: 'api', port: 8080 },
      { name: 'proxy', port: 8081 },
    ],
    pods: [{ name: 'orders-b8d1', ip: '10.244.1.52', nodeName: 'demo-node-1' }],
  },
  {
    namespace: 'staging',
    app: 'web',
    kind: 'Deployment',
    hash: '77aa',
    containers: [{ name: 'web', port: 80 }],
    pods: [{ name: 'web-77aa', ip: '10.244.2.53', nodeName: 'demo-node-2' }],
  },
]

export const loosePods: readonly Omit<DemoPodSettings, 'createdAtMs'>[] = [
  { name: 'importer-pending', labels: { app: 'importer' }, containers: ['importer'], state: 'pending' },
  { name: 'mailer-crash', labels: { app: 'mailer' }, containers: ['mailer'], state: 'crash-loop', ip: '10.244.1.61' },
  { name: 'minimal-0', labels: { app: 'minimal' }, containers: ['server'], ip: '10.244.1.70', tools: 'no-shell' },
  { name: 'slim-0', labels: { app: 'slim' }, containers: ['app'], ip: '10.244.1.71', tools: 'no-tcpdump' },
  {
    name: 'locked-0',
    labels: { app: 'locked' },
    containers: ['app'],
    ip: '10.244.2.72',
    nodeName: 'demo-node-2',
    tools: 'no-permission',
  },
]

export const services: readonly Omit<ServiceSettings, 'createdAtMs'>[] = [
  ...(['prod', 'staging'] as const).flatMap((namespace) => {
    const shift = namespace === 'prod' ? '' : '1'
    return [
      {
        namespace,
        name: 'orders',
        selector: { app: 'orders' },
        clusterIp: `${serviceAddresses.orders}${shift}`,
        port: 80,
        targetPort: 8080,
        portName: 'http',
      },
      {
        namespace,
        name: 'web',
        selector: { app: 'web' },
        clusterIp: `${serviceAddresses.web}${shift}`,
        port: 80,
        targetPort: 80,
        portName: 'http',
      },
    ]
  }),
  {
    namespace: 'prod',
    name: 'payments',
    selector: { app: 'payments' },
    clusterIp: serviceAddresses.payments,
    port: 443,
    targetPort: 8443,
    portName: 'https',
  },
  {
    namespace: 'prod',
    name: 'db',
    selector: { app: 'db' },
    clusterIp: serviceAddresses.db,
    port: 5432,
    targetPort: 5432,
    portName: 'postgres',
  },
  {
    namespace: 'kube-system',
    name: 'kube-dns',
    selector: { 'k8s-app': 'kube-dns' },
    clusterIp: kubeDnsAddress,
    port: 53,
    targetPort: 53,
    portName: 'dns',
    protocol: 'UDP',
  },
]
