import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { type WatchedObject, watchList } from '../../src/kube/watch-list.ts'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { failureOf } from '../support/failure.ts'

let demo: DemoFixture
beforeAll(async () => {
  demo = await openDemoFixture({
    bookmarkIntervalMs: 50,
    users: [{ name: 'lister', rights: [{ verbs: ['list'], resources: ['pods'] }] }],
  })
})

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
    for (let i = 0; i < 200 && !seen.includes(line); i++) await sleep(25)
    expect(seen).toContain(line)
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

test('what is there is listed, then each change is told', async () => {
  const watch = await follow()
  await watch.until('listed orders-b8d1 web-77aa')
  demo.cluster.addPod({ namespace: 'staging', name: 'fresh' })
  await watch.until('changed fresh')
  demo.cluster.removePod('staging/fresh')
  await watch.until('removed fresh')
  await watch.stop()
})

test('a history that is compacted while the connection is away is read anew, and nothing is missed', async () => {
  const watch = await follow()
  await watch.until('listed orders-b8d1 web-77aa')
  await demo.cluster.misbehave({ connections: 'refused' })
  demo.cluster.addPod({ namespace: 'staging', name: 'meanwhile' })
  demo.cluster.compact()
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
