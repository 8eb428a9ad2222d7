import { expect, test } from 'vitest'
import { followAddressNames } from '../../src/kube/address-names.ts'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { afterThisTest } from '../support/cleanups.ts'
import { openDemoFixture } from '../support/demo.ts'

const mayList = (...resources: string[]) => [{ verbs: ['list', 'watch'], resources }]
const demo = await openDemoFixture({ users: [{ name: 'pods-only', rights: mayList('pods') }] })

/** Follows the names of a namespace as a user; `names` has all that were taken, in their order. */
async function follow(namespace: string, user?: string) {
  const stop = new AbortController()
  const { signal } = stop
  const kubeconfigPaths = [await demo.kubeconfig(user)]
  const access = await openCluster({ kubeconfigPaths, signal, timeoutMs: 5_000, interactive: false })
  afterThisTest.add(() => {
    stop.abort()
    access.close()
  })
  const names: string[] = []
  const logged: string[] = []
  await followAddressNames(access, {
    namespaces: [namespace],
    take: async (taken) => void names.push(...taken.map(({ name }) => name)),
    signal,
    log: (message) => logged.push(message),
  })
  return { names, logged }
}

test('pods, services and nodes are named at once, a pod on the network of its node by the node alone', async () => {
  demo.cluster.addPod({ namespace: 'prod', name: 'on-host', hostNetwork: true })
  demo.cluster.addService({
    namespace: 'prod',
    name: 'front',
    clusterIp: '10.96.7.7',
    port: 80,
    targetPort: 80,
    portName: 'http',
  })
  const { names } = await follow('prod')
  expect(names).toEqual(expect.arrayContaining(['orders-6c9f.prod', 'front.prod.svc', 'demo-node-1']))
  expect(names).not.toContain('on-host.prod')
})

test('a pod that comes is named, and a change that leaves its address is not', async () => {
  const { names } = await follow('staging')
  demo.cluster.addPod({ namespace: 'staging', name: 'fresh' })
  await expect.poll(() => names).toContain('fresh.staging')
  demo.cluster.updatePod('staging/fresh', (pod) => {
    pod.metadata.labels = { changed: 'yes' }
  })
  demo.cluster.addPod({ namespace: 'staging', name: 'after' })
  await expect.poll(() => names).toContain('after.staging')
  expect(names.filter((name) => name === 'fresh.staging')).toEqual(['fresh.staging'])
})

test('what the login may not list is logged, and the rest is named', async () => {
  const { names, logged } = await follow('prod', 'pods-only')
  expect(names).toContain('orders-6c9f.prod')
  expect(names).not.toContain('demo-node-1')
  expect(logged).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^no names of nodes: /),
      expect.stringMatching(/^no names of services: /),
    ]),
  )
})
