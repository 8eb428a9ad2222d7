import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, tableAccept, type WatchEvent, watch } from '../peer/peer-client.ts'
import { type PeerCluster, startPeerCluster } from '../peer/start-peer-cluster.ts'

let cluster: PeerCluster

beforeAll(async () => {
  cluster = await startPeerCluster({ bookmarkIntervalMs: 30 })
})
afterAll(() => cluster.close())

const summary = (events: readonly WatchEvent[]) =>
  events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`)
const pods = '/api/v1/namespaces/staging/pods'

async function revision(): Promise<string> {
  return (await ask(cluster, pods)).json.metadata.resourceVersion
}

test('a watch from a list reports pods that come, change and go', async () => {
  const since = await revision()
  const events = watch(cluster, `${pods}?watch=true&resourceVersion=${since}`, (seen) =>
    seen.some(({ type }) => type === 'DELETED'),
  )
  cluster.addPod({ namespace: 'staging', name: 'fresh' })
  cluster.restartPod('staging/fresh')
  cluster.removePod('staging/fresh')
  expect(summary(await events)).toEqual(['ADDED fresh', 'MODIFIED fresh', 'MODIFIED fresh', 'DELETED fresh'])
})

test('a restart gives the container a new id and counts it', async () => {
  const before = (await ask(cluster, `${pods}/web-77aa`)).json.status.containerStatuses[0]
  cluster.restartPod('staging/web-77aa')
  const after = (await ask(cluster, `${pods}/web-77aa`)).json.status.containerStatuses[0]
  expect(after.containerID).not.toBe(before.containerID)
  expect(after.restartCount).toBe(before.restartCount + 1)
  expect(after.lastState.terminated.containerID).toBe(before.containerID)
})

test('a watch without a resource version starts with the existing pods', async () => {
  const events = await watch(cluster, `${pods}?watch=1`, (seen) => seen.length >= 2)
  expect(summary(events)).toEqual(['ADDED orders-b8d1', 'ADDED web-77aa'])
})

test('a streaming list ends with a bookmark that says so', async () => {
  const events = await watch(
    cluster,
    `${pods}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    (seen) => seen.some(({ type }) => type === 'BOOKMARK'),
  )
  expect(events.at(-1)?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
})

test('bookmarks of a watch carry the current resource version', async () => {
  const since = await revision()
  const events = await watch(
    cluster,
    `${pods}?watch=1&allowWatchBookmarks=true&resourceVersion=${since}`,
    (seen) => seen.length > 0,
  )
  expect(events[0]).toMatchObject({
    type: 'BOOKMARK',
    object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: since } },
  })
})

test('a pod that leaves the selection is DELETED for a watch with a selector', async () => {
  const since = await revision()
  const events = watch(
    cluster,
    `${pods}?watch=1&resourceVersion=${since}&labelSelector=app%3Dweb`,
    (seen) => seen.length >= 2,
  )
  cluster.updatePod('staging/web-77aa', (pod) => {
    pod.metadata.labels = { app: 'other' }
  })
  cluster.updatePod('staging/web-77aa', (pod) => {
    pod.metadata.labels = { app: 'web' }
  })
  expect(summary(await events)).toEqual(['DELETED web-77aa', 'ADDED web-77aa'])
})

test('a watch from an expired resource version gets an ERROR event with 410 Expired', async () => {
  cluster.compact()
  const events = await watch(cluster, `${pods}?watch=1&resourceVersion=1`, () => false)
  expect(events).toHaveLength(1)
  expect(events[0]).toMatchObject({ type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } })
  expect(events[0]?.object.message).toMatch(/^too old resource version: 1 \(\d+\)$/)
})

test('a resource version that is not a number is refused before the stream', async () => {
  expect((await ask(cluster, `${pods}?watch=1&resourceVersion=abc`)).json.message).toContain(
    'strconv.ParseUint: parsing "abc": invalid syntax',
  )
})

test('timeoutSeconds ends a watch cleanly', async () => {
  const startedAt = performance.now()
  await watch(cluster, `${pods}?watch=1&timeoutSeconds=1&resourceVersion=${await revision()}`, () => false)
  expect(performance.now() - startedAt).toBeGreaterThan(950)
})

test('a watch can ask for a Table', async () => {
  const events = await watch(cluster, `${pods}?watch=1`, (seen) => seen.length >= 2, tableAccept)
  expect(events[0]?.object).toMatchObject({ kind: 'Table', rows: [{ cells: expect.arrayContaining(['orders-b8d1']) }] })
  expect(events[1]?.object.columnDefinitions).toBeNull()
})

test("a watch of a service's EndpointSlice follows its pods", async () => {
  const path = '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices'
  const since = (await ask(cluster, path)).json.metadata.resourceVersion
  const events = watch(cluster, `${path}?watch=1&resourceVersion=${since}`, (seen) => seen.length >= 2)
  await delay(20)
  cluster.addPod({ name: 'orders-new1', labels: { app: 'orders' } })
  cluster.removePod('prod/orders-new1')
  const counts = (await events).map(({ object }) => object.endpoints.length)
  // Both changes may come in one event, or in several.
  expect(counts[0]).toBe(3)
  expect(counts.length).toBeGreaterThan(1)
})
