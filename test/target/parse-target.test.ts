import { describe, expect, test } from 'vitest'
import { parseTarget } from '../../src/target/parse-target.ts'

const defaults = { cluster: { namespace: undefined }, ssh: { sudo: 'none' } } as const
const parse = (text: string) => parseTarget(text, defaults)

describe("kinds of targets have kubectl's names:", () => {
  test.each([
    ...['pod', 'pods', 'po'].map((name) => [name, { kind: 'pod', pod: 'x' }]),
    ...['service', 'services', 'svc'].map((name) => [name, { kind: 'service', service: 'x' }]),
    ...['node', 'nodes', 'no'].map((name) => [name, { kind: 'node', node: 'x' }]),
    ...['deploy', 'deployment', 'deployments', 'deployment.apps', 'deployments.apps', 'deployments.v1.apps'].map(
      (name) => [name, { kind: 'workload', workloadKind: 'deploy', workload: 'x' }],
    ),
    ...['sts', 'statefulsets', 'statefulsets.apps'].map((name) => [name, { workloadKind: 'sts' }]),
    ...['ds', 'daemonsets', 'daemonset.apps'].map((name) => [name, { workloadKind: 'ds' }]),
    ...['rs', 'replicasets', 'replicaset.v1.apps'].map((name) => [name, { workloadKind: 'rs' }]),
    ...['job', 'jobs', 'jobs.batch', 'job.v1.batch'].map((name) => [name, { workloadKind: 'job' }]),
  ] as [string, object][])('%s/x', (name, target) => {
    expect(parse(`${name}/x`)).toMatchObject(target)
  })

  test.each(['deployments.batch', 'jobs.apps', 'pods.v1', 'deploy.v2.apps', 'Deployment'])('%s is no kind', (name) => {
    expect(() => parse(`${name}/x`)).toThrow('it is no target')
  })

  test.each([
    ['shop/svc/x', { kind: 'service', namespace: 'shop', service: 'x' }],
    ['shop/deployments.apps/x', { kind: 'workload', namespace: 'shop', workloadKind: 'deploy', workload: 'x' }],
    ['shop/pod/x', { kind: 'pod', namespace: 'shop', pod: 'x' }],
    ['svc/svc/x', { kind: 'service', namespace: 'svc', service: 'x' }],
  ] as const)('%s also names the namespace', (text, target) => {
    expect(parse(text)).toMatchObject(target)
  })

  test.each(['shop/node/x', 'shop/ns/x', 'shop/x/y', 'shop/svc/', '/svc/x', 'a/svc/x/y', '*/svc/x', 'Shop/svc/x'])(
    '%s is no target',
    (text) => {
      expect(() => parse(text)).toThrow('it is no target')
    },
  )

  test('two different namespaces for one target are an error', () => {
    const other = { ...defaults, cluster: { namespace: 'staging' } }
    expect(() => parseTarget('shop/svc/x', other)).toThrow('cannot capture "shop/svc/x": --namespace says "staging"')
    expect(() => parseTarget('shop/svc/x', { ...defaults, allNamespaces: true })).toThrow('it names a namespace')
  })

  test('any other word is a namespace', () => {
    expect(parse('constructor/x')).toMatchObject({ kind: 'pod', namespace: 'constructor', pod: 'x' })
  })
})
