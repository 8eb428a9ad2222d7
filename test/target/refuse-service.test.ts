import { describe, expect, test } from 'vitest'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { addByHand, address, port, refer, resolveService, users } from '../support/service-fixture.ts'

const demo = await openDemoFixture({ users })
const resolve = (name: string, user?: string) => resolveService(demo, name, user)

test("a service whose selector matches no pod is 'pod-not-running' with the selector", async () => {
  demo.cluster.addService({ namespace: 'prod', name: 'nobody', selector: { app: 'nobody', tier: 'web' }, ...port })
  const error = await failureOf(resolve('nobody'))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'pod-not-running',
    3,
    'cannot capture "svc/nobody": no pod matches its selector "app=nobody,tier=web"',
  ])
  expect(error.hints).toEqual(['kubectl get pods -n prod --show-labels', 'kubectl describe service -n prod nobody'])
})

test("a service without running pods is 'pod-not-running'", async () => {
  demo.cluster.addService({ namespace: 'prod', name: 'mailer', selector: { app: 'mailer' }, ...port })
  const error = await failureOf(resolve('mailer'))
  expect([error.code, error.message]).toEqual(['pod-not-running', 'cannot capture "svc/mailer": none of its pods runs'])
  expect(error.hints).toEqual(['kubectl get pods -n prod -l app=mailer'])
})

describe("a service whose endpoints are not pods is 'pod-not-found' with", () => {
  test('their addresses, a bounded number', async () => {
    const endpoints = Array.from({ length: 100 }, (_, i) => address(`192.0.2.${99 - i}`))
    addByHand(demo, 'outside', { endpoints, ports: [{ port: 5432 }] })
    const before = demo.cluster.requests.length
    const error = await failureOf(resolve('outside'))
    expect([error.code, error.exitCode, error.message]).toEqual([
      'pod-not-found',
      3,
      'cannot capture "svc/outside": it is a service without a selector, and its endpoints are not pods: ' +
        '192.0.2.0:5432, 192.0.2.1:5432, 192.0.2.2:5432, 192.0.2.3:5432, 192.0.2.4:5432 and 95 more',
    ])
    expect(error.hints).toEqual([
      'if you can log in to it: kcap ssh://192.0.2.0',
      'if you can log in to it: kcap ssh://192.0.2.1',
      'if you can log in to it: kcap ssh://192.0.2.2',
      "or capture the pods that connect to it, with: --filter 'host 192.0.2.0'",
      'pods of other namespaces were searched for 64 of the addresses only',
      'kubectl get endpointslices -n prod -l kubernetes.io/service-name=outside',
    ])
    expect(demo.cluster.requests.length - before).toBeLessThan(70)
  })

  test('the kinds that were not searched', async () => {
    addByHand(demo, 'elsewhere', { endpoints: [address('10.244.1.52')], ports: [] })
    const error = await failureOf(resolve('elsewhere', 'one-namespace'))
    expect(error.message).toMatch(/its endpoints are not pods: 10\.244\.1\.52$/)
    expect(error.hints).toContain(
      'pods of other namespaces were not searched: the login may not list pods in all namespaces',
    )
  })

  test.each([
    ['an address of a node', [address('192.168.49.3')], 'demo-node-2'],
    ['an endpoint that says it is a node', [refer({ kind: 'Node', name: 'worker-9' }, '192.0.2.9')], 'worker-9'],
  ])('the node for %s', async (_, endpoints, node) => {
    addByHand(demo, 'kubelet', { endpoints, ports: [{ port: 10_250 }] })
    const [ip] = endpoints[0]?.addresses ?? []
    const error = await failureOf(resolve('kubelet'))
    expect(error.message).toContain(`its endpoints are not pods: ${ip}:10250`)
    expect(error.hints).toEqual([
      `${ip} is a node: kcap node/${node}`,
      'kubectl get endpointslices -n prod -l kubernetes.io/service-name=kubelet',
    ])
  })

  test('IPv6 addresses in brackets, and host names', async () => {
    addByHand(
      demo,
      'mixed',
      { addressType: 'IPv6', endpoints: [address('2001:db8::1')] },
      { addressType: 'FQDN', endpoints: [address('db.example.com')] },
    )
    const error = await failureOf(resolve('mixed'))
    expect(error.message).toContain('its endpoints are not pods: [2001:db8::1]:8080, db.example.com:8080')
    expect(error.hints.slice(0, 3)).toEqual([
      "if you can log in to it: kcap 'ssh://[2001:db8::1]'",
      'if you can log in to it: kcap ssh://db.example.com',
      "or capture the pods that connect to it, with: --filter 'host 2001:db8::1'",
    ])
  })

  test('a hint that the pods are gone', async () => {
    addByHand(demo, 'stale', { endpoints: [refer({ kind: 'Pod', name: 'orders-gone' }, '10.244.1.99')] })
    const error = await failureOf(resolve('stale'))
    expect([error.code, error.message]).toEqual([
      'pod-not-found',
      'cannot capture "svc/stale": it is a service without a selector, and the pods that its endpoints name are gone',
    ])
  })

  test('a hint that there are none', async () => {
    addByHand(demo, 'hollow', {})
    demo.cluster.addService({ namespace: 'prod', name: 'headless', ...port, clusterIp: 'None' })
    expect((await failureOf(resolve('hollow'))).message).toBe(
      'cannot capture "svc/hollow": it is a service without a selector, and it has no endpoints',
    )
    const error = await failureOf(resolve('headless'))
    expect([error.code, error.message]).toEqual([
      'pod-not-found',
      'cannot capture "svc/headless": it is a headless service without a selector, and it has no endpoints',
    ])
    expect(error.hints).toEqual(['kubectl describe service -n prod headless'])
  })
})

test('the error names pods that a login may not get in another namespace as such', async () => {
  addByHand(demo, 'foreign', {
    endpoints: [refer({ kind: 'Pod', name: 'web-77aa', namespace: 'staging' }, '10.244.2.53')],
  })
  const error = await failureOf(resolve('foreign', 'one-namespace'))
  expect(error.message).toBe('cannot get pods in the namespace "staging": user "one-namespace" is not allowed to')
})

test.each([
  ['db.example.com', ['if you can log in to it: kcap ssh://db.example.com', 'or capture the pods that connect to it']],
  ['orders.staging.svc.cluster.local', ['that is another service: kcap svc/orders -n staging']],
])("an ExternalName service for %s is 'pod-not-found' with that name", async (externalName, hints) => {
  demo.cluster.addService({ namespace: 'prod', name: 'alias', type: 'ExternalName', externalName, ...port })
  const error = await failureOf(resolve('alias'))
  expect([error.code, error.exitCode, error.message]).toEqual([
    'pod-not-found',
    3,
    `cannot capture "svc/alias": it is an ExternalName service, an alias of "${externalName}", and has no pods`,
  ])
  expect(error.hints).toEqual(hints)
})

test('the error names a pod of a Windows node behind a service as such', async () => {
  const selector = { app: 'iis' }
  demo.cluster.addService({ namespace: 'prod', name: 'iis', selector, ...port })
  demo.cluster.addPod({ name: 'iis-0', labels: selector })
  demo.cluster.updatePod('prod/iis-0', ({ spec }) => {
    spec.os = { name: 'windows' }
  })
  expect((await failureOf(resolve('iis'))).code).toBe('windows-node')
})
