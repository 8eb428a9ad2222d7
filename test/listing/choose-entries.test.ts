import { expect, test } from 'vitest'
import { chooseEntries, omitsPods } from '../../src/listing/choose-entries.ts'
import type { ClusterNames, ListedEntry, ListedWorkload } from '../../src/listing/cluster-names.ts'

const makePods = (namespace: string, count: number) =>
  Array.from({ length: count }, (_none, i) => ({ namespace, pod: `${namespace}-${i}` }))
const makeWorkload = (namespace: string, name: string): ListedWorkload => ({
  kind: 'deploy',
  namespace,
  name,
  podCount: 3,
})
const name = (entry: ListedEntry) =>
  'pod' in entry ? `${entry.namespace}/${entry.pod}` : `${entry.kind}/${entry.name}`
const workloads = [makeWorkload('shop', 'web'), makeWorkload('shop', 'api'), makeWorkload('ops', 'agent')]
const large: ClusterNames = {
  pods: [...makePods('shop', 3), ...makePods('ops', 40)],
  hasMore: true,
  workloads,
  namespaces: ['ops', 'shop'],
  ownNamespace: 'shop',
}

test("a small cluster's list has every pod", () => {
  const small: ClusterNames = { ...large, pods: makePods('shop', 5), hasMore: false }
  expect(chooseEntries(small, 5, []).map(name)).toEqual([
    'shop/shop-0',
    'shop/shop-1',
    'shop/shop-2',
    'shop/shop-3',
    'shop/shop-4',
  ])
  expect(omitsPods(small, chooseEntries(small, 5, []))).toBe(false)
})

test("a large cluster's list has the last captured targets, the namespace's own pods and the workloads of the others", () => {
  const recent: ListedEntry[] = [
    { namespace: 'ops', pod: 'ops-7' },
    { ...makeWorkload('ops', 'agent'), podCount: 0 },
  ]
  const chosen = chooseEntries(large, 32, recent)
  expect(chosen).toHaveLength(32)
  expect(chosen.slice(0, 5).map(name)).toEqual([
    'ops/ops-7',
    'deploy/agent',
    'shop/shop-0',
    'shop/shop-1',
    'shop/shop-2',
  ])
  // With the number of pods that it has now.
  expect(chosen[1]).toMatchObject({ podCount: 3 })
  expect(omitsPods(large, chosen)).toBe(true)
})

test('a context namespace that is too large has its workloads in the list, before those of other namespaces', () => {
  const own: ClusterNames = { ...large, pods: makePods('shop', 33) }
  expect(chooseEntries(own, 3, []).map(name)).toEqual(['deploy/web', 'deploy/api', 'deploy/agent'])
  expect(chooseEntries(own, 2, []).map(name)).toEqual(['deploy/web', 'deploy/api'])
})

test('pods without a workload fill the remaining places of the list', () => {
  const pods = [
    { namespace: 'ops', pod: 'agent-1' },
    { namespace: 'shop', pod: 'agent-2' },
    { namespace: 'ops', pod: 'job-1' },
  ]
  const names: ClusterNames = { ...large, ownNamespace: 'default', pods }
  expect(chooseEntries(names, 5, []).map(name)).toEqual([
    'deploy/web',
    'deploy/api',
    'deploy/agent',
    'shop/agent-2',
    'ops/job-1',
  ])
})

test('the list omits a captured target that is gone', () => {
  expect(chooseEntries(large, 4, [{ namespace: 'ops', pod: 'gone' }]).map(name)).not.toContain('ops/gone')
})

test('the list truncates the pods where no workload is known', () => {
  const { workloads: _none, ...rest } = large
  for (const names of [rest, { ...rest, workloads: [] }]) {
    const chosen = chooseEntries(names, 4, [])
    expect(chosen.map(name)).toEqual(['shop/shop-0', 'shop/shop-1', 'shop/shop-2', 'ops/ops-0'])
    expect(omitsPods(names, chosen)).toBe(true)
  }
})
