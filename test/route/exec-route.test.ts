import { expect, test } from 'vitest'
import { findNodeStream, openExecRoute } from '../../src/route/exec-route.ts'
import { openAnsweringPeer } from '../support/api-peer.ts'
import { makePodTarget } from '../support/pod-target.ts'

const { signal } = new AbortController()
const endpoints = 'GET /api/v1/namespaces/default/endpoints/kubernetes'

test('a pod with its own network does not see the stream of kcap, and the API is not asked', async () => {
  const { access, requests } = await openAnsweringPeer({})
  const route = await openExecRoute(makePodTarget(), access, signal)
  expect([route.via, route.network, route.ownStream]).toEqual(['exec', { kind: 'here' }, { kind: 'elsewhere' }])
  expect(route.description).toBe('kube exec in container "api" (context peer)')
  expect(requests).toEqual([])
})

test('a pod on the network of its node sees the stream to each address of the API servers, each named once', async () => {
  const { access, port } = await openAnsweringPeer({
    [endpoints]: {
      subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 6443 }] }],
    },
  })
  const { ownStream } = await openExecRoute(makePodTarget({ hostNetwork: true }), access, signal)
  expect(ownStream).toEqual({
    kind: 'host',
    apiAddresses: [
      { host: '127.0.0.1', port },
      { host: '10.0.0.1', port: 6443 },
    ],
  })
})

test('where the login may not read the endpoints, the usual port stands for them, and an unknown name for nothing', async () => {
  const { access } = await openAnsweringPeer({})
  const server = new URL('https://api.invalid')
  const unknown = { ...access, server, agent: access.agent }
  expect(await findNodeStream(unknown, signal)).toEqual({ kind: 'host', apiAddresses: [{ port: 6443 }] })
})
