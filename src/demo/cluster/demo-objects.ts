import { type App, apps, type DemoPodSettings, loosePods, services } from './demo-apps.ts'
import type { KubeObject } from './kube-object.ts'
import { makeNamespace, makeNode } from './make-node.ts'
import { nodeAddresses } from './make-pod.ts'
import { makeService } from './make-service.ts'
import { makeWorkload, ownerReference } from './make-workload.ts'
import type { ObjectStore } from './object-store.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Fills an empty store with the demo's objects. Pods are added through `addPod`, which knows their tools. */
export function addDemoObjects(store: ObjectStore, addPod: (settings: DemoPodSettings) => void, nowMs: number): void {
  const createdAtMs = nowMs - 3 * dayMs
  for (const name of ['default', 'kube-system', 'prod', 'staging']) store.put(makeNamespace(name, createdAtMs))
  for (const [name, address] of Object.entries(nodeAddresses)) store.put(makeNode(name, address, createdAtMs))
  store.put(makeKubernetesService(createdAtMs))
  for (const service of services) store.put(makeService({ ...service, createdAtMs }))

  for (const app of apps) addApp(store, app, addPod, createdAtMs)

  const migrate = store.put(
    makeWorkload({
      kind: 'Job',
      namespace: 'prod',
      name: 'migrate',
      labels: { 'job-name': 'migrate' },
      replicas: 1,
      containers: ['migrate'],
      createdAtMs,
    }),
  )
  addPod({
    name: 'migrate-done',
    labels: { 'job-name': 'migrate' },
    owner: ownerReference(migrate),
    containers: ['migrate'],
    state: 'succeeded',
    ip: '10.244.1.60',
    createdAtMs,
  })
  for (const pod of loosePods) addPod({ ...pod, createdAtMs })

  const proxyLabels = { 'k8s-app': 'kube-proxy' }
  const proxy = store.put(
    makeWorkload({
      kind: 'DaemonSet',
      namespace: 'kube-system',
      name: 'kube-proxy',
      labels: proxyLabels,
      replicas: 2,
      containers: ['kube-proxy'],
      createdAtMs,
    }),
  )
  for (const [name, nodeName] of [
    ['kube-proxy-4zk7m', 'demo-node-1'],
    ['kube-proxy-v8x2c', 'demo-node-2'],
  ] as const) {
    addPod({
      namespace: 'kube-system',
      name,
      labels: proxyLabels,
      owner: ownerReference(proxy),
      containers: ['kube-proxy'],
      nodeName,
      hostNetwork: true,
      createdAtMs,
    })
  }
  const dnsLabels = { 'k8s-app': 'kube-dns' }
  const dns = addDeployment(store, 'kube-system', 'coredns', dnsLabels, '668d6bf9bc', 1, ['coredns'], createdAtMs)
  addPod({
    namespace: 'kube-system',
    name: 'coredns-668d6bf9bc-7xw5q',
    labels: { ...dnsLabels, 'pod-template-hash': '668d6bf9bc' },
    owner: dns,
    containers: ['coredns'],
    ip: '10.244.0.2',
    tools: 'no-shell',
    createdAtMs,
  })
}

function addApp(store: ObjectStore, app: App, addPod: (settings: DemoPodSettings) => void, createdAtMs: number): void {
  const { namespace, kind } = app
  const labels = { app: app.app }
  const names = app.containers.map((container) => container.name)
  const owner =
    kind === 'Deployment'
      ? addDeployment(store, namespace, app.app, labels, app.hash, app.pods.length, names, createdAtMs)
      : ownerReference(
          store.put(
            makeWorkload({
              kind,
              namespace,
              name: app.app,
              labels,
              replicas: app.pods.length,
              containers: names,
              createdAtMs,
            }),
          ),
        )
  for (const pod of app.pods) {
    addPod({
      ...pod,
      namespace,
      labels: {
        ...labels,
        ...(kind === 'Deployment' && app.hash !== '' ? { 'pod-template-hash': app.hash } : {}),
        ...(kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': pod.name } : {}),
      },
      ...(app.defaultContainer === undefined
        ? {}
        : { annotations: { 'kubectl.kubernetes.io/default-container': app.defaultContainer } }),
      owner,
      containers: app.containers,
      createdAtMs,
    })
  }
}

/** Adds a deployment and its replica set. Returns the owner of its pods. */
function addDeployment(
  store: ObjectStore,
  namespace: string,
  name: string,
  labels: Record<string, string>,
  hash: string,
  replicas: number,
  containers: readonly string[],
  createdAtMs: number,
) {
  const deployment = store.put(
    makeWorkload({ kind: 'Deployment', namespace, name, labels, replicas, containers, createdAtMs }),
  )
  const setName = hash === '' ? name : `${name}-${hash}`
  const setLabels = hash === '' ? labels : { ...labels, 'pod-template-hash': hash }
  return ownerReference(
    store.put(
      makeWorkload({
        kind: 'ReplicaSet',
        namespace,
        name: setName,
        labels: setLabels,
        replicas,
        containers,
        owner: ownerReference(deployment),
        createdAtMs,
      }),
    ),
  )
}

function makeKubernetesService(createdAtMs: number): KubeObject {
  const service = makeService({
    namespace: 'default',
    name: 'kubernetes',
    clusterIp: '10.96.0.1',
    port: 443,
    targetPort: 6443,
    portName: 'https',
    createdAtMs,
  })
  return {
    ...service,
    metadata: { ...service.metadata, labels: { component: 'apiserver', provider: 'kubernetes' } },
  }
}
