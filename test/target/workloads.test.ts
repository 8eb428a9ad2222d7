import { describe, expect, test } from 'vitest'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { parseTarget } from '../../src/target/parse-target.ts'
import { resolveTargets } from '../../src/target/resolve-targets.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'

const demo = await openDemoFixture()
const kubeconfig = await demo.kubeconfig()

async function resolve(text: string, namespace?: string) {
  const signal = AbortSignal.timeout(10_000)
  const clusters = makeClusterPool({ signal, timeoutMs: 1_000, interactive: false })
  const cluster = { kubeconfigPaths: [kubeconfig], namespace }
  try {
    const targets = await resolveTargets([parseTarget(text, { cluster, ssh: { sudo: 'none' } })], clusters, signal)
    return targets.map((target) => (target.kind === 'pod' ? target.pod : target.kind)).sort()
  } finally {
    clusters.close()
  }
}

describe('a workload', () => {
  test.each([
    ['deploy/orders', undefined, ['orders-6c9f', 'orders-x2x7']],
    ['deployment/orders', 'staging', ['orders-b8d1']],
    ['statefulset/db', undefined, ['db-0']],
    ['ds/kube-proxy', 'kube-system', ['kube-proxy-4zk7m', 'kube-proxy-v8x2c']],
  ])('%s in %s resolves to its running pods %j', async (text, namespace, pods) => {
    expect(await resolve(text, namespace)).toEqual(pods)
  })

  test("that does not exist is 'pod-not-found', with similar names", async () => {
    const error = await failureOf(resolve('deploy/order'))
    expect([error.code, error.exitCode]).toEqual(['pod-not-found', 3])
    expect(error.message).toBe('cannot capture "deploy/order": the namespace "prod" has no such workload')
    expect(error.hints).toEqual(['similar names: orders', 'kubectl get deploy -n prod'])
  })

  test("in a namespace that does not exist is 'namespace-not-found'", async () => {
    expect((await failureOf(resolve('deploy/orders', 'stagin'))).code).toBe('namespace-not-found')
  })

  test("whose pods have all ended is 'pod-not-running'", async () => {
    const error = await failureOf(resolve('job/migrate'))
    expect([error.code, error.exitCode]).toEqual(['pod-not-running', 3])
    expect(error.message).toBe('cannot capture "job/migrate": none of its pods runs')
    expect(error.hints).toEqual(['kubectl describe job -n prod migrate'])
  })
})

test('the error for an absent pod names a service and a deployment of its name', async () => {
  const error = await failureOf(resolve('orders', 'prod'))
  expect([error.code, error.message]).toEqual([
    'pod-not-found',
    'cannot capture "prod/orders": the namespace has no such pod',
  ])
  expect(error.hints).toEqual([
    'there is a svc/orders: kcap svc/orders -n prod',
    'there is a deploy/orders: kcap deploy/orders -n prod',
    'similar pods: orders-6c9f, orders-x2x7',
    'kcap list pods -n prod',
  ])
})

test.each([
  ['orders-*', 'prod', ['orders-6c9f', 'orders-x2x7']],
  ['prod/orders-?2x7', undefined, ['orders-x2x7']],
  ['*/orders-*', undefined, ['orders-6c9f', 'orders-b8d1', 'orders-x2x7']],
])('the pattern %s in %s matches %j', async (text, namespace, pods) => {
  expect(await resolve(text, namespace)).toEqual(pods)
})

test.each([
  ['nothing-*', 'pod-not-found', 'cannot capture "prod/nothing-*": there is no such pod', 'kcap list pods -n prod'],
  [
    'mailer-*',
    'pod-not-running',
    'cannot capture "prod/mailer-*": none of these pods runs',
    'kubectl get pods -n prod',
  ],
])('a pattern that matches no pod, %s, is %s', async (text, code, message, hint) => {
  const error = await failureOf(resolve(text, 'prod'))
  expect([error.code, error.exitCode, error.message]).toEqual([code, 3, message])
  expect(error.hints).toEqual([hint])
})

test('a container that no pod of a service has is an error that says so', async () => {
  const signal = AbortSignal.timeout(10_000)
  const clusters = makeClusterPool({ signal, timeoutMs: 1_000, interactive: false })
  const cluster = { kubeconfigPaths: [kubeconfig], namespace: 'prod', container: 'typo' }
  const name = parseTarget('svc/orders', { cluster, ssh: { sudo: 'none' } })
  const error = await failureOf(resolveTargets([name], clusters, signal))
  clusters.close()
  expect([error.code, error.message]).toEqual([
    'container-not-found',
    'cannot capture "prod/orders-6c9f": it has no container "typo"',
  ])
})

test('a namespace and all namespaces together are wrong usage', () => {
  const defaults = { cluster: {}, ssh: { sudo: 'none' }, allNamespaces: true } as const
  expect(() => parseTarget('prod/orders-*', defaults)).toThrow(
    'cannot capture "prod/orders-*" with --all-namespaces: it names a namespace',
  )
})
