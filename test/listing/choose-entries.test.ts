import { expect, test } from 'vitest'
import { chooseEntries, leavesOutPods } from '../../src/listing/choose-entries.ts'
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

test('a small cluster shows every pod singly', () => {
  const small: ClusterNames = { ...large, pods: makePods('shop', 5), hasMore: false }
  expect(chooseEntries(small, 5, []).map(name)).toEqual([
    'shop/shop-0',
    'shop/shop-1',
    'shop/shop-2',
    'shop/shop-3',
    'shop/shop-4',
  ])
  expect(leavesOutPods(small, chooseEntries(small, 5, []))).toBe(false)
})

test('a large cluster shows what was captured lately, its own pods and the workloads of the others', () => {
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
  expect(leavesOutPods(large, chosen)).toBe(true)
})

test('an own namespace that is too large shows its workloads, and others come after them', () => {
  const own: ClusterNames = { ...large, pods: makePods('shop', 33) }
  expect(chooseEntries(own, 3, []).map(name)).toEqual(['deploy/web', 'deploy/api', 'deploy/agent'])
  expect(chooseEntries(own, 2, []).map(name)).toEqual(['deploy/web', 'deploy/api'])
})

test('pods of no workload fill the places that are left', () => {
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

test('what was captured lately and is gone is left out', () => {
  expect(chooseEntries(large, 4, [{ namespace: 'ops', pod: 'gone' }]).map(name)).not.toContain('ops/gone')
})

test('pods are cut where no workload is known', () => {
  const { workloads: _none, ...rest } = large
  for (const names of [rest, { ...rest, workloads: [] }]) {
    const chosen = chooseEntries(names, 4, [])
    expect(chosen.map(name)).toEqual(['shop/shop-0', 'shop/shop-1', 'shop/shop-2', 'ops/ops-0'])
    expect(leavesOutPods(names, chosen)).toBe(true)
  }
})
