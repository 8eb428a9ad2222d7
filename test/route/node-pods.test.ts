import { afterAll, expect, test } from 'vitest'
import type { NodeTarget } from '../../src/base/target.ts'
import { makeClusterPool } from '../../src/kube/cluster-pool.ts'
import { makeNodePods } from '../../src/route/node-pod-route.ts'
import { defaultSettings } from '../../src/settings/settings.ts'
import { ask } from '../peer/peer-client.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'

const ending = new AbortController()
const clusters = makeClusterPool({ signal: ending.signal, timeoutMs: 5_000, interactive: false })
const target: NodeTarget = { kind: 'node', cluster: {}, context: 'kcap-demo', namespace: 'prod', node: 'demo-node-1' }
const missingImage = 'registry.example/nobody:1'
const demo = await openDemoFixture({ startDelayMs: 20, missingImages: [missingImage] })
const kubeconfig = await demo.kubeconfig()
afterAll(() => {
  clusters.close()
  ending.abort()
})

const open = async () => await clusters.open({ kubeconfigPaths: [kubeconfig] })
function make(more: { image?: string; signal?: AbortSignal; durationMs?: number } = {}) {
  const { image = 'debug:1', signal = ending.signal, durationMs } = more
  return makeNodePods({
    debug: { ...defaultSettings('').debug, image },
    durationMs,
    signal,
    log: () => {},
    tell: (event) => told.push(event),
  })
}

const told: string[] = []
/** What is no question. */
const isChange = ({ method, path }: { method: string; path: string }) => method !== 'GET' && !path.endsWith('reviews')

async function podsOfKcap() {
  const query = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dkcap'
  const { items } = (await ask(demo.cluster, `/api/v1/namespaces/prod/pods?${query}`)).json
  return items.filter(({ metadata }: { metadata: { deletionTimestamp?: string } }) => !metadata.deletionTimestamp)
}

test.each([
  [undefined, 24 * 60 * 60],
  [60_000, 360],
  [48 * 60 * 60_000, 24 * 60 * 60],
])('a capture of %j ms gives its pod %i s to live', async (durationMs, seconds) => {
  const pods = make({ ...(durationMs !== undefined && { durationMs }) })
  await pods.openRoute(target, await open())
  expect((await podsOfKcap())[0].spec.activeDeadlineSeconds).toBe(seconds)
  await pods.close()
  expect(await podsOfKcap()).toEqual([])
})

test('a node pod that cannot start is deleted, and the next try creates another', async () => {
  const pods = make({ image: missingImage })
  const access = await open()
  const failure = await failureOf(pods.openRoute(target, access))
  expect(failure.code).toBe('debug-container-failed')
  expect(await podsOfKcap()).toEqual([])
  expect((await failureOf(pods.openRoute(target, access))).message).not.toBe(failure.message)
  await pods.close()
})

test('a node pod that has ended is replaced by another', async () => {
  const pods = make()
  const access = await open()
  const first = await pods.openRoute(target, access)
  const [{ metadata }] = await podsOfKcap()
  demo.cluster.endContainer(`prod/${metadata.name}`, 'kcap')
  demo.cluster.updatePod(`prod/${metadata.name}`, ({ status }) => {
    status.phase = 'Succeeded'
  })
  const second = await pods.openRoute(target, access)
  expect(second.description).not.toBe(first.description)
  expect((await podsOfKcap()).map(({ status }: { status: { phase: string } }) => status.phase)).toEqual(['Running'])
  await pods.close()
  expect(await podsOfKcap()).toEqual([])
})

test('an ended node pod of an earlier capture is deleted too', async () => {
  const left = make()
  const access = await open()
  await left.openRoute(target, access)
  const [{ metadata }] = await podsOfKcap()
  demo.cluster.updatePod(`prod/${metadata.name}`, ({ status }) => {
    status.phase = 'Failed'
  })
  const pods = make()
  await pods.openRoute(target, access)
  expect((await podsOfKcap()).map((pod: { metadata: { name: string } }) => pod.metadata.name)).not.toContain(
    metadata.name,
  )
  await pods.close()
})

test('a stop while the API server creates the pod asks for its deletion too', async () => {
  const stop = new AbortController()
  const pods = make({ signal: stop.signal })
  const access = await open()
  await demo.cluster.misbehave({ delayMs: 150 })
  const before = demo.cluster.requests.length
  const changes = () => demo.cluster.requests.slice(before).filter(isChange)
  const opening = pods.openRoute(target, access).catch((error: unknown) => error)
  await expect.poll(() => changes().length, { interval: 5 }).toBe(1)
  stop.abort()
  await opening
  await pods.close()
  await demo.cluster.misbehave({})
  expect(changes().map(({ method }) => method)).toEqual(['POST', 'DELETE'])
  expect(await podsOfKcap()).toEqual([])
})

test('a node pod that cannot be deleted is named, with the line that removes it', async () => {
  const pods = make()
  await pods.openRoute(target, await open())
  const [{ metadata }] = await podsOfKcap()
  await demo.cluster.misbehave({ answer: 403 })
  await pods.close()
  await demo.cluster.misbehave({})
  expect(told.splice(0)).toEqual([
    `the pod prod/${metadata.name} could not be deleted; it stops by itself within 60 s: kubectl delete pod -n prod ${metadata.name}`,
  ])
  demo.cluster.removePod(`prod/${metadata.name}`)
})

test('many targets of a node share one pod, and later ones look at it again', async () => {
  const pods = make()
  const access = await open()
  const before = demo.cluster.requests.length
  const routes = await Promise.all([1, 2, 3].map(() => pods.openRoute(target, access)))
  expect(new Set(routes.map(({ description }) => description)).size).toBe(1)
  expect(demo.cluster.requests.slice(before).filter(isChange).length).toBe(1)
  await pods.close()
})
