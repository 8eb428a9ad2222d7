import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { describe, expect, test, vi } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { loadKubeconfig } from '../../src/kube/kubeconfig.ts'
import { type AskOptions, askCluster } from '../../src/listing/ask-cluster.ts'
import {
  chooseContexts,
  type ListLimits,
  listClusters,
  listingLimits,
  refreshLimits,
} from '../../src/listing/list-clusters.ts'
import { openNamesCache } from '../../src/listing/names-cache.ts'
import { shareOut } from '../../src/listing/read-listing.ts'
import { defaultSettings, type ListSettings } from '../../src/settings/settings.ts'
import { openDemoFixture } from '../support/demo.ts'

const { list: defaults } = defaultSettings('')
const readPods = { verbs: ['get', 'list'], resources: ['pods'] }
const demo = await openDemoFixture({
  extraPods: 40,
  users: [
    { name: 'prod-only', rights: [{ ...readPods, namespaces: ['prod'] }] },
    { name: 'both', rights: [{ ...readPods, namespaces: ['prod', 'staging'] }] },
    { name: 'nobody', rights: [] },
  ],
})

/** Lists all running pods and their namespaces with the demo's own user. */
async function ask(
  list: Partial<ListSettings> = {},
  user?: string,
  ownNamespaces: readonly string[] = [],
  more: Partial<AskOptions> = {},
) {
  vi.stubEnv('KUBECONFIG', await demo.kubeconfig(user))
  const signal = AbortSignal.timeout(10_000)
  const options = { list: { ...defaults, maxPods: 100, ...list }, signal, loginTimeoutMs: 1_000, ...more }
  return await askCluster('kcap-demo', ownNamespaces, options)
}

describe('the list of a cluster', () => {
  test("has its running pods, those of the context's namespace first", async () => {
    const { pods, namespaces, hasMore, ownNamespace } = await ask()
    expect([ownNamespace, hasMore]).toEqual(['prod', false])
    const names = pods.map(({ namespace, pod }) => `${namespace}/${pod}`)
    expect(names).toContain('prod/orders-6c9f')
    expect(names).toContain('default/load-00040')
    expect(names).not.toContain('prod/importer-pending')
    const firstForeign = pods.findIndex(({ namespace }) => namespace !== 'prod')
    expect(pods.slice(firstForeign).filter(({ namespace }) => namespace === 'prod')).toEqual([])
    expect(namespaces).toEqual(expect.arrayContaining(['default', 'prod', 'staging']))
  })

  test('with too many pods omits those of other namespaces first, after two requests of a page each', async () => {
    const before = demo.cluster.requests.length
    const { pods, hasMore } = await ask({ maxPods: 10 })
    expect([pods.length, hasMore]).toEqual([10, true])
    expect(pods.filter(({ namespace }) => namespace === 'prod').length).toBeGreaterThan(5)
    const isOfPods = (path: string) => path.includes('/pods?') && !path.includes('kcap-record')
    const asked = demo.cluster.requests.slice(before).filter(({ path }) => isOfPods(path))
    expect(asked.length).toBe(2)
    expect(asked.every(({ path }) => path.includes('limit=11'))).toBe(true)
  })

  test('with more pods than places has workloads in their place, with their number of pods', async () => {
    const folded = await ask({}, undefined, [], { foldAbove: 5 })
    expect(folded.workloads).toContainEqual({ kind: 'deploy', namespace: 'prod', name: 'orders', podCount: 2 })
    expect(folded.workloads?.[0]?.namespace).toBe('prod')
    expect(folded.workloads?.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['deploy', 'sts', 'ds']))
    const small = await ask({}, undefined, [], { foldAbove: 1_000 })
    expect(small.workloads).toBe(undefined)
    const labelled = await ask({ selector: 'app=orders' }, undefined, [], { foldAbove: 0 })
    expect(labelled.workloads).toBe(undefined)
  })

  test('with more pods than kcap reads has the last captured ones while they run', async () => {
    const recent = ['load-00039', 'load-99999'].map((pod) => ({ namespace: 'default', pod }))
    const { pods } = await ask({ maxPods: 10 }, undefined, [], { foldAbove: 10, recent })
    expect(pods).toHaveLength(11)
    expect(pods).toContainEqual(recent[0])
  })

  test('has pods but no workloads for a login that may list only pods', async () => {
    const { pods, workloads } = await ask({}, 'prod-only', [], { foldAbove: 2 })
    expect(pods.length).toBeGreaterThan(2)
    expect(workloads).toEqual([])
  })

  test('loads page by page where the login may list all pods', async () => {
    const { pods } = await ask({ maxPods: 1_000 })
    expect(new Set(pods.map(({ namespace, pod }) => `${namespace}/${pod}`)).size).toBe(pods.length)
    expect(pods.length).toBeGreaterThan(45)
  })

  test('has only the namespaces and labels of the config', async () => {
    const staging = await ask({ namespaces: ['staging', 'no-such'] })
    expect(new Set(staging.pods.map(({ namespace }) => namespace))).toEqual(new Set(['staging']))
    expect(staging.namespaces).toEqual(['staging', 'no-such'])
    const orders = await ask({ selector: 'app=orders' })
    expect(orders.pods.length).toBeGreaterThan(0)
    expect(orders.pods.every(({ pod }) => pod.startsWith('orders-'))).toBe(true)
  })

  test('has the one namespace that the login may see, and the namespaces of the contexts', async () => {
    const own = await ask({}, 'prod-only')
    expect(new Set(own.pods.map(({ namespace }) => namespace))).toEqual(new Set(['prod']))
    expect(own.namespaces).toEqual(['prod'])
    const both = await ask({}, 'both', ['staging', 'forbidden-too'])
    expect(new Set(both.pods.map(({ namespace }) => namespace))).toEqual(new Set(['prod', 'staging']))
    expect(both.namespaces).toEqual(['forbidden-too', 'prod', 'staging'])
  })

  test('says when the login may see nothing', async () => {
    const error = await ask({}, 'nobody').catch((reason: unknown) => reason)
    expect(error instanceof KcapError && error.code).toBe('api-forbidden')
  })
})

describe('a list of several clusters', () => {
  /** Opens the demo's context, one that refuses, one that never answers, and one whose login is slow. */
  async function openContexts(sleepSeconds: number) {
    const silent = await openDemoFixture({ misbehaviour: { answer: 'never' } })
    const plugin = path.join(demo.folder, `login-${sleepSeconds}`)
    await writeFile(
      plugin,
      `#!/bin/sh\nsleep ${sleepSeconds}\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"${demo.cluster.token}"}}'\n`,
      {
        mode: 0o755,
      },
    )
    const exec = `exec: { apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, interactiveMode: Never }`
    const files = [
      demo.cluster.kubeconfig({ context: 'living' }),
      demo.cluster.kubeconfig({ context: 'dead', server: 'https://127.0.0.1:1' }),
      silent.cluster.kubeconfig({ context: 'silent' }),
      demo.cluster.kubeconfig({ context: 'slow' }).replace(/^( *)token: .*$/m, `$1${exec}`),
    ].map((text, index) => ({ text, file: path.join(demo.folder, `several-${sleepSeconds}-${index}`) }))
    for (const { text, file } of files) await writeFile(file, text)
    vi.stubEnv('KUBECONFIG', files.map(({ file }) => file).join(path.delimiter))
    return loadKubeconfig()
  }
  const list = { ...defaults, contexts: ['*'] }
  /** Three times what Wireshark's list has, so that a busy machine is in time. */
  const limits: ListLimits = { timeoutMs: 2_500, lateTimeoutMs: 1_000, loginTimeoutMs: 2_300 }

  test('divides the time that Wireshark may wait among all clusters', () => {
    expect(listingLimits(100)).toMatchObject({ timeoutMs: 650, lateTimeoutMs: 300, loginTimeoutMs: 450 })
    expect(listingLimits(700)).toMatchObject({ timeoutMs: 300, lateTimeoutMs: 300, loginTimeoutMs: 100 })
  })

  test('asks the clusters in parallel, and marks those that do not answer in time as late', async () => {
    const config = await openContexts(8)
    const cache = openNamesCache(path.join(demo.folder, 'cache-late'))
    const startedMs = performance.now()
    const first = await listClusters(config, list, limits, cache)
    const tookMs = performance.now() - startedMs
    expect(tookMs).toBeGreaterThan(2_400)
    expect(tookMs).toBeLessThan(5_000)
    expect(first.map(({ context, state, names }) => [context, state, names !== undefined])).toEqual([
      ['living', 'answered', true],
      ['dead', 'failed', false],
      ['silent', 'late', false],
      ['slow', 'late', false],
    ])

    const againMs = performance.now()
    await listClusters(config, list, limits, cache)
    // What was late the last time is not waited for again.
    expect(performance.now() - againMs).toBeLessThan(2_400)
  })

  test('keeps the results of a refresh until the clusters answer in time again', async () => {
    const config = await openContexts(4)
    const cache = openNamesCache(path.join(demo.folder, 'cache-refreshed'))
    const only = { ...defaults, contexts: ['slow'] }
    const state = async (within = limits) => {
      const [cluster] = await listClusters(config, only, within, cache)
      return [cluster?.state, (cluster?.names?.pods.length ?? 0) > 10]
    }
    expect(await state()).toEqual(['late', false])
    expect(await state(refreshLimits)).toEqual(['answered', true])
    expect(await state()).toEqual(['late', true])
    await rm(path.join(demo.folder, 'login-4'))
    expect(await state()).toEqual(['failed', true])
  })
})

test('chooses contexts by name and by glob, the current one first', () => {
  const contexts = new Map(['a', 'prod-eu', 'prod-us', 'stag*ing', '.*'].map((name) => [name, {}]))
  const config = { currentContext: 'prod-us', contexts, clusters: new Map(), users: new Map(), paths: [] }
  expect(chooseContexts(config, undefined)).toEqual(['prod-us'])
  expect(chooseContexts(config, ['a', 'prod-*'])).toEqual(['prod-us', 'a', 'prod-eu'])
  expect(chooseContexts(config, ['.*'])).toEqual(['.*'])
  expect(chooseContexts(config, ['gone'])).toEqual([])
  expect(chooseContexts({ ...config, currentContext: 'gone' }, undefined)).toEqual([])
})

test.each([
  [[10, 10], 300, [10, 10]],
  [[1000, 10], 300, [290, 10]],
  [[10, 1000, 1000], 300, [10, 190, 100]],
  [[1000, 1000], 300, [150, 150]],
  [[5, 5], 3, [2, 1]],
  [[7], 0, [0]],
  [[], 300, []],
])('shareOut(%j pods, %i places) returns %j', (wanted, total, shares) => {
  expect(shareOut(wanted, total)).toEqual(shares)
})
