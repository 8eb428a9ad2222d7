import { expect, test } from 'vitest'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { followPodSet } from '../../src/target/follow-pod-set.ts'
import type { PodSetChange } from '../../src/target/pod-set-change.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { makeFastClock } from '../support/fast-clock.ts'

const rights = [{ verbs: ['get', 'list'], resources: ['pods', 'services', 'endpointslices'] }]
const demo = await openDemoFixture({ users: [{ name: 'getter', rights }] })
const older = await openDemoFixture({ hasEndpointSlices: false })

const port = { namespace: 'prod', clusterIp: '10.96.200.1', port: 80, targetPort: 8080, portName: 'http' }

/** Sets the Endpoints of a service without a selector. */
function point(at: DemoFixture, name: string, ...ips: string[]) {
  const metadata = { name, namespace: 'prod', uid: name, resourceVersion: '', creationTimestamp: '' }
  const subsets = [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 8080, protocol: 'TCP' }] }]
  at.cluster.putObject({ kind: 'Endpoints', apiVersion: 'v1', metadata, subsets })
}

/** Follows a service; each pod that was found once counts as captured. */
async function follow(at: DemoFixture, service: string, user?: string, log = (_line: string) => {}) {
  const stop = new AbortController()
  const clusters = makeClusterPool({ signal: stop.signal, timeoutMs: 1_000, interactive: false })
  afterThisTest.add(() => {
    stop.abort()
    clusters.close()
  })
  const name = { kind: 'service', service, namespace: 'prod', kubeconfigPaths: [await at.kubeconfig(user)] } as const
  const run = { isCaptured: () => true, signal: stop.signal, log, clock: makeFastClock(10) }
  const changes = followPodSet(name, await clusters.open(name), run)
  const names = new Map<string, string>()
  return async () => {
    const { value, done } = await changes.next()
    if (done === true) return 'ended'
    const { pods, running, gone } = value as PodSetChange
    for (const [uid, target] of pods) if (target !== undefined) names.set(uid, target.pod)
    return {
      pods: [...pods].map(([uid, target]) => `${names.get(uid)}${target === undefined ? ' (ending)' : ''}`).sort(),
      running: running.map(({ pod }) => pod).sort(),
      gone: gone.map((uid) => names.get(uid)),
    }
  }
}

test.each([
  ['EndpointSlices', () => demo],
  ['Endpoints', () => older],
])('kcap follows a service without a selector by its %s, and departing pods stay while they live', async (_, at) => {
  const { cluster } = at()
  cluster.addService({ ...port, name: 'leader' })
  cluster.addPod({ name: 'pg-0', ip: '10.244.9.1' })
  cluster.addPod({ name: 'pg-1', ip: '10.244.9.2' })
  point(at(), 'leader', '10.244.9.1')
  const next = await follow(at(), 'leader')
  expect(await next()).toEqual({ pods: ['pg-0'], running: ['pg-0'], gone: [] })

  point(at(), 'leader', '10.244.9.2')
  expect(await next()).toEqual({ pods: ['pg-0', 'pg-1'], running: ['pg-1'], gone: [] })

  cluster.updatePod('prod/pg-0', ({ metadata }) => {
    metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  })
  point(at(), 'leader', '10.244.9.2', '192.0.2.1')
  expect(await next()).toEqual({ pods: ['pg-0 (ending)', 'pg-1'], running: [], gone: [] })

  cluster.removePod('prod/pg-0')
  point(at(), 'leader', '10.244.9.2')
  expect(await next()).toEqual({ pods: ['pg-1'], running: [], gone: ['pg-0'] })
})

test('a failed search for endpoints is retried', async () => {
  const { cluster } = demo
  cluster.addService({ ...port, name: 'flaky' })
  point(demo, 'flaky', '10.244.2.40')
  const lines: string[] = []
  const next = await follow(demo, 'flaky', undefined, (line) => lines.push(line))
  expect(await next()).toMatchObject({ running: ['db-0'] })
  const change = next()
  await cluster.misbehave({ answer: 503 })
  point(demo, 'flaky', '10.244.2.40', '10.244.1.17')
  await expect.poll(() => lines, { timeout: 15_000 }).toContainEqual(expect.stringMatching(/^pods of svc\/flaky: /))
  await cluster.misbehave({})
  expect(await change).toEqual({ pods: ['db-0', 'orders-6c9f'], running: ['orders-6c9f'], gone: [] })
})

test('kcap does not follow a service without selector and endpoints', async () => {
  demo.cluster.addService({ ...port, name: 'hollow' })
  expect(await (await follow(demo, 'hollow'))()).toBe('ended')
})

test("a login that may not watch endpoints gets the current pods, then 'api-forbidden'", async () => {
  demo.cluster.addService({ ...port, name: 'db' })
  point(demo, 'db', '10.244.2.40')
  const next = await follow(demo, 'db', 'getter')
  expect(await next()).toEqual({ pods: ['db-0'], running: ['db-0'], gone: [] })
  const error = await failureOf(next())
  expect([error.code, error.message]).toEqual([
    'api-forbidden',
    'cannot watch endpointslices in the namespace "prod": user "getter" is not allowed to',
  ])
})
