import { beforeAll, describe, expect, test } from 'vitest'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { addByHand, address, makeObject, port, refer, resolveService, users } from '../support/service-fixture.ts'

const demo = await openDemoFixture({ users })
const resolve = (name: string, user?: string) => resolveService(demo, name, user)

describe('a service with a selector is captured at', () => {
  test('its pods that are not ready, terminate, or publish no readiness', async () => {
    for (const [name, publishNotReadyAddresses] of [
      ['queue', false],
      ['peers', true],
    ] as const) {
      const selector = { app: name }
      demo.cluster.addService({ namespace: 'prod', name, selector, publishNotReadyAddresses, ...port })
      for (const state of ['ready', 'unready', 'leaving'])
        demo.cluster.addPod({ name: `${name}-${state}`, labels: selector })
      demo.cluster.updatePod(`prod/${name}-unready`, ({ status }) => {
        for (const condition of status.conditions) if (condition.type === 'Ready') condition.status = 'False'
      })
      demo.cluster.updatePod(`prod/${name}-leaving`, ({ metadata }) => {
        metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
      })
      expect(await resolve(name)).toEqual([`prod/${name}-leaving`, `prod/${name}-ready`, `prod/${name}-unready`])
    }
  })

  test('each pod once where two slices have its two addresses', async () => {
    const selector = { app: 'dual' }
    demo.cluster.addService({ namespace: 'prod', name: 'dual', selector, ipFamilies: ['IPv4', 'IPv6'], ...port })
    demo.cluster.addPod({ name: 'dual-0', labels: selector })
    demo.cluster.updatePod('prod/dual-0', ({ status }) => status.podIPs?.push({ ip: 'fd00::7' }))
    expect(await resolve('dual')).toEqual(['prod/dual-0'])
    expect(await resolve('dual', 'no-services')).toEqual(['prod/dual-0'])
  })

  test.each(['no-slices', 'no-services', 'no-lists', 'one-namespace'])(
    'its pods by a login with the rights "%s"',
    async (user) => {
      expect(await resolve('orders', user)).toEqual(['prod/orders-6c9f', 'prod/orders-x2x7'])
    },
  )

  test("its pods, except for a login that may see neither selector nor endpoints: 'api-forbidden'", async () => {
    const error = await failureOf(resolve('orders', 'pods-only'))
    expect([error.code, error.exitCode, error.message]).toEqual([
      'api-forbidden',
      5,
      'cannot get services in the namespace "prod": user "pods-only" is not allowed to',
    ])
  })

  test('the pods that a slice made by hand adds', async () => {
    const object = makeObject('EndpointSlice', 'discovery.k8s.io/v1', 'web-more')
    object.metadata.labels = { 'kubernetes.io/service-name': 'web' }
    const endpoints = [refer({ kind: 'Pod', name: 'db-0', namespace: 'prod' }, '10.244.2.40'), address('10.244.1.71')]
    demo.cluster.putObject({ ...object, addressType: 'IPv4', endpoints, ports: [] })
    expect(await resolve('web')).toEqual(['prod/db-0', 'prod/slim-0', 'prod/web-5f8c'])
    expect(await resolve('web', 'no-lists')).toEqual(['prod/db-0', 'prod/web-5f8c'])
  })
})

describe('a service without a selector is captured at', () => {
  test('the pods that its endpoints name, in other namespaces too', async () => {
    addByHand(demo, 'named', {
      endpoints: [
        refer({ kind: 'Pod', name: 'orders-6c9f' }, '10.244.1.17'),
        refer({ kind: 'Pod', name: 'web-77aa', namespace: 'staging' }, '10.244.2.53'),
      ],
    })
    expect(await resolve('named')).toEqual(['prod/orders-6c9f', 'staging/web-77aa'])
    expect(await resolve('named', 'one-namespace')).toEqual(['prod/orders-6c9f'])
  })

  test('the pods that have the addresses of its endpoints, in other namespaces too', async () => {
    addByHand(demo, 'byhand', { endpoints: [address('10.244.1.17'), address('10.244.1.52'), address('192.0.2.1')] })
    expect(await resolve('byhand')).toEqual(['prod/orders-6c9f', 'staging/orders-b8d1'])
    expect(await resolve('byhand', 'one-namespace')).toEqual(['prod/orders-6c9f'])
  })

  test('the pod whose second address its slice has, in whatever form', async () => {
    demo.cluster.addPod({ name: 'dual-1' })
    demo.cluster.updatePod('prod/dual-1', ({ status }) => status.podIPs?.push({ ip: 'fd00::8' }))
    addByHand(demo, 'six', { addressType: 'IPv6', endpoints: [address('FD00:0:0::0008')] })
    expect(await resolve('six')).toEqual(['prod/dual-1'])
  })

  test('no pod that has ended, whose address may be that of another', async () => {
    addByHand(demo, 'ended', { endpoints: [address('10.244.1.60')] })
    expect((await failureOf(resolve('ended'))).message).toContain('its endpoints are not pods: 10.244.1.60:8080')
  })

  test('only those pods on a node with its address that have the port', async () => {
    const containers = [{ name: 'agent', port: 9100 }]
    demo.cluster.addPod({ name: 'node-exporter', hostNetwork: true, containers })
    addByHand(demo, 'exporter', { endpoints: [address('192.168.49.2')], ports: [{ port: 9100, protocol: 'TCP' }] })
    expect(await resolve('exporter')).toEqual(['prod/node-exporter'])
    addByHand(demo, 'exporter-udp', { endpoints: [address('192.168.49.2')], ports: [{ port: 9100, protocol: 'UDP' }] })
    expect((await failureOf(resolve('exporter-udp'))).hints[0]).toBe('192.168.49.2 is a node: kcap node/demo-node-1')
  })
})

describe('before discovery.k8s.io/v1, Endpoints lead to', () => {
  let older: DemoFixture
  beforeAll(async () => {
    older = await openDemoFixture({ hasEndpointSlices: false })
  })
  const put = (name: string, ...subsets: object[]) => {
    older.cluster.addService({ namespace: 'prod', name, ...port })
    older.cluster.putObject({ ...makeObject('Endpoints', 'v1', name), subsets })
  }
  const ports = [{ port: 8080, protocol: 'TCP' }]

  test('the pods of a service with a selector', async () => {
    expect(await resolveService(older, 'orders')).toEqual(['prod/orders-6c9f', 'prod/orders-x2x7'])
  })

  test('pods by their addresses, ready or not', async () => {
    put('byhand', { addresses: [{ ip: '10.244.1.17' }], notReadyAddresses: [{ ip: '10.244.1.52' }], ports })
    expect(await resolveService(older, 'byhand')).toEqual(['prod/orders-6c9f', 'staging/orders-b8d1'])
  })

  test('no pods for addresses that are not pods', async () => {
    put('outside', { addresses: [{ ip: '192.0.2.1' }], ports })
    const error = await failureOf(resolveService(older, 'outside'))
    expect(error.message).toContain('its endpoints are not pods: 192.0.2.1:8080')
    expect(error.hints.at(-1)).toBe('kubectl get endpoints -n prod outside')
  })
})
