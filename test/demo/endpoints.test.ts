import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../peer/peer-client.ts'
import { type PeerCluster, startPeerCluster } from '../peer/start-peer-cluster.ts'

let cluster: PeerCluster
beforeAll(async () => {
  cluster = await startPeerCluster()
})
afterAll(() => cluster.close())

const port = { namespace: 'prod', clusterIp: '10.96.200.1', port: 80, targetPort: 8080, portName: 'http' }

interface Slice {
  readonly addressType: string
  readonly metadata: { readonly labels: Record<string, string> }
  readonly endpoints: readonly Record<string, unknown>[] | null
  readonly ports: readonly object[] | null
}

async function slicesOf(service: string): Promise<Slice[]> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`)
  const path = `/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices?labelSelector=${selector}`
  return (await ask(cluster, path)).json.items as Slice[]
}

async function subsetsOf(service: string): Promise<unknown> {
  return (await ask(cluster, `/api/v1/namespaces/prod/endpoints/${service}`)).json.subsets
}

function addPods(app: string) {
  for (const state of ['ready', 'unready', 'leaving']) cluster.addPod({ name: `${app}-${state}`, labels: { app } })
  cluster.updatePod(`prod/${app}-unready`, ({ status }) => {
    for (const condition of status.conditions) if (condition.type === 'Ready') condition.status = 'False'
  })
  cluster.updatePod(`prod/${app}-leaving`, ({ metadata }) => {
    metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  })
}

const named = (app: string, state: string, more: object) =>
  expect.objectContaining({ targetRef: expect.objectContaining({ name: `${app}-${state}` }), ...more })

test('a terminating pod is in the slice but not in the Endpoints, and is not ready', async () => {
  addPods('queue')
  cluster.addService({ ...port, name: 'queue', selector: { app: 'queue' } })
  const [slice, ...others] = await slicesOf('queue')
  expect(others).toEqual([])
  expect(slice?.endpoints).toEqual([
    named('queue', 'leaving', { conditions: { ready: false, serving: true, terminating: true } }),
    named('queue', 'ready', { conditions: { ready: true, serving: true, terminating: false } }),
    named('queue', 'unready', { conditions: { ready: false, serving: false, terminating: false } }),
  ])
  expect(await subsetsOf('queue')).toEqual([
    {
      addresses: [named('queue', 'ready', {})],
      notReadyAddresses: [named('queue', 'unready', {})],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    },
  ])
})

test('publishNotReadyAddresses makes all pods ready, in the Endpoints too', async () => {
  addPods('peers')
  cluster.addService({ ...port, name: 'peers', selector: { app: 'peers' }, publishNotReadyAddresses: true })
  const [slice] = await slicesOf('peers')
  expect(slice?.endpoints).toEqual([
    named('peers', 'leaving', { conditions: { ready: true, serving: true, terminating: true } }),
    named('peers', 'ready', { conditions: { ready: true, serving: true, terminating: false } }),
    named('peers', 'unready', { conditions: { ready: true, serving: false, terminating: false } }),
  ])
  const states = ['leaving', 'ready', 'unready']
  expect(await subsetsOf('peers')).toEqual([
    expect.objectContaining({ addresses: states.map((state) => named('peers', state, {})) }),
  ])
})

test('a dual-stack service has a slice for each family', async () => {
  const selector = { app: 'dual' }
  cluster.addPod({ name: 'dual-0', labels: selector, ip: '10.244.9.1' })
  cluster.updatePod('prod/dual-0', ({ status }) => status.podIPs?.push({ ip: 'fd00::7' }))
  cluster.addService({ ...port, name: 'dual', selector, ipFamilies: ['IPv4', 'IPv6'] })
  const slices = await slicesOf('dual')
  expect(slices.map(({ addressType, endpoints }) => [addressType, endpoints?.[0]?.addresses]).sort()).toEqual([
    ['IPv4', ['10.244.9.1']],
    ['IPv6', ['fd00::7']],
  ])
})

test('a headless service without pods has a slice without endpoints', async () => {
  cluster.addService({ ...port, name: 'nobody', selector: { app: 'nobody' }, clusterIp: 'None' })
  const [slice] = await slicesOf('nobody')
  expect(slice).toMatchObject({ endpoints: null, ports: null })
  expect(slice?.metadata.labels['service.kubernetes.io/headless']).toBe('')
})

test('Endpoints of a service without a selector are mirrored, and its slices follow them', async () => {
  const metadata = { name: 'byhand', namespace: 'prod', uid: 'u', resourceVersion: '', creationTimestamp: '' }
  const put = (...subsets: object[]) =>
    cluster.putObject({ kind: 'Endpoints', apiVersion: 'v1', metadata, ...(subsets.length > 0 && { subsets }) })
  cluster.addService({ ...port, name: 'byhand' })
  expect(await slicesOf('byhand')).toEqual([])
  const ports = [{ port: 5432, protocol: 'TCP' }]
  put({ addresses: [{ ip: '192.0.2.1' }], notReadyAddresses: [{ ip: '2001:db8::1' }], ports })
  const mirrored = (await slicesOf('byhand')).map(({ addressType, endpoints, ports }) => [
    addressType,
    endpoints,
    ports,
  ])
  expect(mirrored.sort()).toEqual([
    ['IPv4', [{ addresses: ['192.0.2.1'], conditions: { ready: true } }], ports],
    ['IPv6', [{ addresses: ['2001:db8::1'], conditions: { ready: false } }], ports],
  ])
  put()
  expect(await slicesOf('byhand')).toEqual([])
})

test('an ExternalName service has neither Endpoints nor slices', async () => {
  const externalName = 'db.example.com'
  cluster.addService({ ...port, name: 'alias', selector: { app: 'web' }, type: 'ExternalName', externalName })
  expect([await slicesOf('alias'), await subsetsOf('alias')]).toEqual([[], undefined])
})

test('a cluster before Kubernetes 1.21 answers discovery.k8s.io with 404 and does not list it', async () => {
  const older = await startPeerCluster({ hasEndpointSlices: false })
  const answer = await ask(older, '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices')
  const { json } = await ask(older, '/apis')
  await older.close()
  expect(answer.code).toBe(404)
  expect(json.groups.map(({ name }: { name: string }) => name)).not.toContain('discovery.k8s.io')
})
