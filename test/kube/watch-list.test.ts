import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type Clock, monotonicClock } from '../../src/base/clock.ts'
import { type ClusterAccess, openCluster } from '../../src/kube/cluster-access.ts'
import { type WatchedObject, watchList } from '../../src/kube/watch-list.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'
import { makeFakeClock } from '../support/fake-clock.ts'

const demo = await openDemoFixture({
  bookmarkIntervalMs: 50,
  users: [{ name: 'lister', rights: [{ verbs: ['list'], resources: ['pods'] }] }],
})

const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
const added = (name: string) =>
  `${JSON.stringify({ type: 'ADDED', object: { metadata: { name, resourceVersion: '2' } } })}\n`
const nameOf = ({ metadata }: WatchedObject) => metadata?.name

async function open(user?: string) {
  const signal = AbortSignal.timeout(20_000)
  const kubeconfigPaths = [await demo.kubeconfig(user)]
  return await openCluster({ kubeconfigPaths, signal, timeoutMs: 5_000, interactive: false })
}

/** Follows the pods of staging; `seen` has a line for each change. */
async function follow() {
  const access = await open()
  const stop = new AbortController()
  const seen: string[] = []
  let listed: string[] = []
  const done = (async () => {
    const request = { path: '/api/v1/namespaces/staging/pods', action: { resource: 'pods' }, signal: stop.signal }
    for await (const change of watchList(access, { ...request, keep: nameOf })) {
      if (change.kind === 'began') listed = []
      else if (change.kind === 'listed') listed.push(...change.items)
      else if (change.kind === 'complete') seen.push(`listed ${listed.join(' ')}`)
      else for (const { kind, item } of change.changes) seen.push(`${kind} ${item}`)
    }
  })().catch(() => {})
  const until = async (line: string) => {
    await expect.poll(() => seen, { timeout: 5_000 }).toContain(line)
  }
  return {
    seen,
    until,
    async stop() {
      stop.abort()
      await done
      access.close()
    },
  }
}

test('watchList yields the current objects, then each change', async () => {
  const watch = await follow()
  await watch.until('listed orders-b8d1 web-77aa')
  demo.cluster.addPod({ namespace: 'staging', name: 'fresh' })
  await watch.until('changed fresh')
  demo.cluster.removePod('staging/fresh')
  await watch.until('removed fresh')
  await watch.stop()
})

test('watchList lists again after a compaction during an outage, and misses nothing', async () => {
  const watch = await follow()
  await watch.until('listed orders-b8d1 web-77aa')
  await demo.cluster.misbehave({ connections: 'refused' })
  demo.cluster.addPod({ namespace: 'staging', name: 'meanwhile' })
  demo.cluster.compact()
  // Long enough for tries that are refused.
  await sleep(300)
  await demo.cluster.misbehave({})
  await watch.until('listed meanwhile orders-b8d1 web-77aa')
  demo.cluster.removePod('staging/meanwhile')
  await watch.until('removed meanwhile')
  await watch.stop()
})

test("a login that may list but not watch is 'api-forbidden' with the missing right", async () => {
  const access = await open('lister')
  const request = {
    path: '/api/v1/namespaces/staging/pods',
    action: { resource: 'pods', namespace: 'staging' },
    signal: AbortSignal.timeout(5_000),
  }
  const changes = watchList(access, { ...request, keep: nameOf })
  for (let kind: string | undefined; kind !== 'complete'; ) kind = (await changes.next()).value?.kind
  const error = await failureOf(changes.next())
  access.close()
  expect([error.code, error.exitCode]).toEqual(['api-forbidden', 5])
  expect(error.message).toContain('cannot watch pods in the namespace "staging"')
})

/** Reads changes until the signal is aborted. */
async function readChanges(access: ClusterAccess, stop: AbortSignal, clock: Clock): Promise<number> {
  const request = { path: '/api/v1/pods', action: { resource: 'pods' }, signal: stop, clock, keep: nameOf }
  let count = 0
  try {
    for await (const change of watchList(access, request)) if (change.kind === 'changed') count += change.changes.length
  } catch {
    // The signal.
  }
  return count
}

test.each([
  ['as an event', (response: ServerResponse) => response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`)],
  ['as the status', (response: ServerResponse) => response.writeHead(410).end(JSON.stringify(gone))],
  [
    'after an event',
    (response: ServerResponse) => response.end(`${added('web')}${JSON.stringify({ type: 'ERROR', object: gone })}\n`),
  ],
])('a history that is always compacted, reported %s, is listed again ever less often', async (_, answerWatch) => {
  const { access, requests } = await openApiPeer((request, response) => {
    if (request.url?.includes('watch=true')) answerWatch(response)
    else response.end('{"metadata":{"resourceVersion":"1"},"items":[]}')
  })
  const clock = makeFakeClock()
  const stop = new AbortController()
  const reading = readChanges(access, stop.signal, clock)
  const lists = () => requests.filter((request) => !request.includes('watch=true')).length
  // 0.5, 1, 2, 4, 8, 16 and 30 s at the longest, half of each at the least.
  for (let i = 0; i < 6; i++) {
    await expect.poll(() => clock.sleepers).toBe(1)
    await clock.advance(30_000)
  }
  expect(lists()).toBe(7)
  await expect.poll(() => clock.sleepers).toBe(1)
  await clock.advance(10_000)
  expect(lists()).toBe(7)
  stop.abort()
  await reading
})

test('events without end are read no faster than a large cluster makes them', async () => {
  const events = added('web').repeat(1_000)
  const { access } = await openApiPeer((request, response) => {
    if (!request.url?.includes('watch=true')) return response.end('{"metadata":{"resourceVersion":"1"},"items":[]}')
    const go = () => {
      while (!response.destroyed && response.write(events));
    }
    response.on('drain', go)
    return go()
  })
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 1_000)
  const count = await readChanges(access, stop.signal, monotonicClock)
  expect(count).toBeGreaterThan(1_000)
  expect(count).toBeLessThan(4_000)
})

test('a watch that is never answered is asked for again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  afterThisTest.add(() => vi.useRealTimers())
  const { access, requests } = await openApiPeer((request, response) => {
    if (!request.url?.includes('watch=true')) response.end('{"metadata":{"resourceVersion":"1"},"items":[]}')
  })
  const clock = makeFakeClock()
  const stop = new AbortController()
  const reading = readChanges(access, stop.signal, clock)
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 10_000 && !condition(); i++) await new Promise<void>((resolve) => setImmediate(resolve))
    expect(condition()).toBe(true)
  }
  await until(() => requests.length === 2)
  await vi.advanceTimersByTimeAsync(14_000)
  expect(clock.sleepers).toBe(0)
  await vi.advanceTimersByTimeAsync(1_000)
  await until(() => clock.sleepers === 1)
  await clock.advance(500)
  await until(() => requests.length === 3)
  stop.abort()
  await reading
})
