import type { KubeObject } from '../../src/demo/cluster/kube-object.ts'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { parseTarget } from '../../src/target/parse-target.ts'
import { resolveTargets } from '../../src/target/resolve-targets.ts'
import type { DemoFixture } from './demo.ts'

const pods = { verbs: ['get', 'list', 'watch'], resources: ['pods'], namespaces: ['prod'] }
const services = { verbs: ['get'], resources: ['services'], namespaces: ['prod'] }
const slices = { verbs: ['list', 'watch'], resources: ['endpointslices'], namespaces: ['prod'] }
/** Logins of the demo cluster that see only some of a service. */
export const users = [
  { name: 'one-namespace', rights: [pods, services, slices] },
  { name: 'no-slices', rights: [pods, services] },
  { name: 'no-services', rights: [pods, slices] },
  { name: 'no-lists', rights: [{ ...pods, verbs: ['get'] }, services, slices] },
  { name: 'pods-only', rights: [pods] },
]

/** Returns the pods that `kcap svc/NAME -n prod` captures, as `NAMESPACE/NAME`. */
export async function resolveService(demo: DemoFixture, name: string, user?: string) {
  const signal = AbortSignal.timeout(10_000)
  const clusters = makeClusterPool({ signal, timeoutMs: 1_000, interactive: false })
  const cluster = { kubeconfigPaths: [await demo.kubeconfig(user)], namespace: 'prod' }
  try {
    const target = parseTarget(`svc/${name}`, { cluster, ssh: { sudo: 'none' } })
    const targets = await resolveTargets([target], clusters, signal)
    return targets.map((found) => (found.kind === 'pod' ? `${found.namespace}/${found.pod}` : found.kind)).sort()
  } finally {
    clusters.close()
  }
}

interface ByHand {
  readonly endpoints?: readonly object[]
  readonly ports?: readonly { name?: string; port: number; protocol?: string }[]
  readonly addressType?: string
}

/** Adds a service without a selector, and a slice for each set of endpoints. */
export function addByHand(demo: DemoFixture, name: string, ...all: readonly ByHand[]) {
  demo.cluster.addService({ namespace: 'prod', name, ...port })
  all.forEach(({ endpoints = [], ports = [{ port: 8080 }], addressType = 'IPv4' }, i) => {
    const object = makeObject('EndpointSlice', 'discovery.k8s.io/v1', `${name}-${i}`)
    object.metadata.labels = { 'kubernetes.io/service-name': name }
    demo.cluster.putObject({ ...object, addressType, endpoints, ports })
  })
}

export function makeObject(kind: string, apiVersion: string, name: string): KubeObject {
  const metadata = { name, namespace: 'prod', uid: `${kind}-${name}`, resourceVersion: '', creationTimestamp: '' }
  return { kind, apiVersion, metadata }
}

export const port = { clusterIp: '10.96.200.1', port: 80, targetPort: 8080, portName: 'http' }
export const address = (...addresses: string[]) => ({ addresses, conditions: { ready: true } })
export const refer = (targetRef: object, ...addresses: string[]) => ({ ...address(...addresses), targetRef })
