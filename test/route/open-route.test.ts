import { expect, test } from 'vitest'
import { openRoute } from '../../src/route/open-route.ts'
import { makeAccess } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'
import { makePodTarget } from '../support/pod-target.ts'

const { signal } = new AbortController()
const options = {
  clusters: { open: async () => makeAccess(1), close() {} },
  ssh: { signal },
  nodeHost: undefined,
  nodeSsh: undefined,
  signal,
}

test.each(['exec', 'kubectl'] as const)('the route %s to a pod is that of its container', async (via) => {
  const route = await openRoute(makePodTarget(), via, options)
  expect([route.via, route.description]).toEqual([
    via,
    `${via === 'exec' ? 'kube' : 'kubectl'} exec in container "api" (context peer)`,
  ])
})

test("a pod via ssh without a host is 'usage', with a line that names its node", async () => {
  const error = await failureOf(openRoute(makePodTarget(), 'ssh', options))
  expect([error.code, error.message, error.hints[0]]).toEqual([
    'usage',
    'cannot capture "shop/web" via ssh: no host is named',
    '--ssh-host node-1 --ssh-user root',
  ])
})

test("a node without a host is 'usage', with a line that captures it as a host", async () => {
  const node = { kind: 'node', cluster: {}, context: 'c', namespace: 'shop', node: 'worker-1' } as const
  const error = await failureOf(openRoute(node, 'exec', options))
  expect([error.code, error.hints[0]]).toEqual(['usage', 'kcap ssh://root@worker-1'])
})
