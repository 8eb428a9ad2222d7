import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ExtcapInterface,
  formatInterfaceDisplay,
  formatInterfaceValue,
  formatInterfaceValues,
  isPartOf,
  isValueOf,
  parseInterfaceValue,
} from '../../src/extcap/interface-name.ts'
import { anyCharacter } from '../support/any-character.ts'

const contexts = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 300 })
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const podName = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/)

test('the interface value of a pod identifies its context, its namespace and the pod', () => {
  fc.assert(
    fc.property(contexts, label, podName, (context, namespace, pod) => {
      const item = { kind: 'pod', context, namespace, pod } as const
      // Listed twice, so that both get a hash.
      for (const value of [formatInterfaceValue(item), ...formatInterfaceValues([item, item])]) {
        const reference = parseInterfaceValue(value)
        if (reference?.kind !== 'pod') throw new Error(`${value} is read as ${reference?.kind}`)
        expect(isPartOf(reference.contextPart, context)).toBe(true)
        expect(reference.namespace).toBe(namespace)
        expect(reference.pod === pod || /--[0-9a-f]{6}$/.test(reference.pod)).toBe(true)
        expect(isValueOf(value, item)).toBe(true)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('the interface value of a cluster or an SSH host identifies it', () => {
  fc.assert(
    fc.property(contexts, (name) => {
      const cluster = { kind: 'cluster', context: name } as const
      for (const value of [formatInterfaceValue(cluster), ...formatInterfaceValues([cluster, cluster])]) {
        const reference = parseInterfaceValue(value)
        expect(reference?.kind === 'cluster' && isPartOf(reference.contextPart, name)).toBe(true)
      }
      const reference = parseInterfaceValue(formatInterfaceValue({ kind: 'ssh', host: name }))
      expect(reference?.kind === 'ssh' && isPartOf(reference.hostPart ?? '', name)).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('no interface name depends on the order of the list', () => {
  const items = ['a-b', 'a.b', 'c'].map((pod) => ({ kind: 'pod', context: 'x', namespace: 'n', pod }) as const)
  const forwards = formatInterfaceValues(items)
  expect(forwards).toEqual(formatInterfaceValues([...items].reverse()).reverse())
  expect(forwards[2]).toBe('kcap-x.n.c')
  expect(forwards[0]).toMatch(/^kcap-x\.n\.a-b--[0-9a-f]{6}$/)
})

test('a long namespace of a long context is never truncated', () => {
  const item = { kind: 'pod', context: 'c'.repeat(60), namespace: 'n'.repeat(63), pod: 'p'.repeat(253) } as const
  const value = formatInterfaceValue(item)
  expect(value.length).toBeLessThanOrEqual(100)
  expect(parseInterfaceValue(value)).toMatchObject({ kind: 'pod', namespace: item.namespace })
})

test('neither two contexts nor two pods share an interface value', () => {
  fc.assert(
    fc.property(contexts, contexts, label, podName, podName, (one, other, namespace, pod, otherPod) => {
      const value = (context: string, name: string) =>
        formatInterfaceValue({ kind: 'pod', context, namespace, pod: name })
      if (one !== other) {
        expect(value(one, pod)).not.toBe(value(other, pod))
        expect(formatInterfaceValue({ kind: 'cluster', context: one })).not.toBe(
          formatInterfaceValue({ kind: 'cluster', context: other }),
        )
      }
      if (pod !== otherPod) expect(value(one, pod)).not.toBe(value(one, otherPod))
    }),
    { numRuns: 500 },
  )
})

test.each([
  [{ kind: 'demo' }, 'kcapdemo', 'kcap: demo'],
  [{ kind: 'ssh' }, 'kcapssh', 'kcap: SSH host'],
  [{ kind: 'shared' }, 'kcapshared', 'kcap: shared capture'],
  [{ kind: 'ssh', host: 'bastion' }, 'kcapssh-bastion', 'kcap: SSH bastion'],
  [{ kind: 'ssh', host: 'root@10.0.0.10' }, 'kcapssh-root-10-0-0-10-a6fa14', 'kcap: SSH root@10.0.0.10'],
  [{ kind: 'cluster', context: 'prod', isCut: true }, 'kcap-prod', 'kcap: cluster prod (its options reach all pods)'],
  [{ kind: 'cluster', context: 'prod' }, 'kcap-prod', 'kcap: cluster prod'],
  [
    { kind: 'pod', context: 'prod', namespace: 'shop', pod: 'orders-6c9f' },
    'kcap-prod.shop.orders-6c9f',
    'kcap: prod: shop/orders-6c9f',
  ],
  [
    { kind: 'workload', context: 'prod', namespace: 'shop', workload: 'deploy', name: 'orders', podCount: 3 },
    'kcap-prod.shop.deploy_orders',
    'kcap: prod: shop/deploy/orders (3 pods)',
  ],
  [
    { kind: 'workload', context: 'prod', namespace: 'shop', workload: 'ds', name: 'agent', podCount: 1 },
    'kcap-prod.shop.ds_agent',
    'kcap: prod: shop/ds/agent (1 pod)',
  ],
  [
    { kind: 'record', context: 'prod', namespace: 'shop', name: 'orders-7f3a' },
    'kcap-prod.shop.record_orders-7f3a',
    'kcap: record prod: shop/orders-7f3a',
  ],
  [{ kind: 'cluster', context: 'Prod EU' }, 'kcap-prod-eu-1b510b', 'kcap: cluster Prod EU'],
] as const satisfies [ExtcapInterface, string, string][])(
  'the interface %j has the value %s',
  (item, value, display) => {
    expect(formatInterfaceValue(item)).toBe(value)
    expect(formatInterfaceDisplay(item, undefined)).toBe(display)
  },
)

test('the interface value of a record identifies it', () => {
  const item = { kind: 'record', context: 'prod', namespace: 'shop', name: 'orders-7f3a' } as const
  const value = formatInterfaceValue(item)
  expect(parseInterfaceValue(value)).toEqual({
    kind: 'record',
    contextPart: 'prod',
    namespace: 'shop',
    name: 'orders-7f3a',
    value,
  })
})

test('the interface value of a workload identifies it, and is never that of a pod', () => {
  const item = { kind: 'workload', context: 'prod', namespace: 'shop', workload: 'sts', name: 'db.a' } as const
  expect(parseInterfaceValue(formatInterfaceValue(item))).toMatchObject({
    kind: 'workload',
    contextPart: 'prod',
    namespace: 'shop',
    workload: 'sts',
    name: 'db.a',
  })
  expect(parseInterfaceValue('kcap-prod.shop.cronjob_x')).toBe(undefined)
  expect(parseInterfaceValue('kcap-prod.shop.sts-db')).toMatchObject({ kind: 'pod', pod: 'sts-db' })
})

test.each(['', 'eth0', 'kcap', 'kcap-', 'kcap-a.b', 'kcap-a..c', 'kcap-A.b.c', 'kcap-a.b.c/d', 'kcap-a.b.c d'])(
  '"%s" is no interface of kcap',
  (value) => {
    expect(parseInterfaceValue(value)).toBe(undefined)
  },
)
