import { expect, test } from 'vitest'
import { getPod, hasNamespace, listApiEndpoints, listNames, listPods } from '../../src/kube/kube-objects.ts'
import { openAnsweringPeer, openApiPeer } from '../support/api-peer.ts'

const { signal } = new AbortController()
const meta = (name: string) => ({ name, namespace: 'shop' })

test('listPods takes the status of the Table, and the phase from a server without Tables', async () => {
  const path = 'GET /api/v1/namespaces/shop/pods?limit=500'
  const columnDefinitions = [{ name: 'Name' }, { name: 'Status' }]
  const rows = [{ cells: ['web', 'CrashLoopBackOff'], object: { metadata: meta('web') } }]
  const table = await openAnsweringPeer({ [path]: { columnDefinitions, rows } })
  const row = { namespace: 'shop', name: 'web' }
  expect(await listPods(table.access, { namespace: 'shop', signal })).toEqual([{ ...row, status: 'CrashLoopBackOff' }])
  const items = [{ metadata: meta('web'), status: { phase: 'Running' } }]
  const plain = await openAnsweringPeer({ [path]: { items } })
  expect(await listPods(plain.access, { namespace: 'shop', signal })).toEqual([{ ...row, status: 'Running' }])
})

test('listNames asks the group of the kind, with the selectors escaped', async () => {
  const { access, requests } = await openApiPeer((_request, response) => response.end('{"items":[]}'))
  await listNames(access, 'deploy', { namespace: 'shop', labelSelector: 'a in (b,c)', signal })
  await listNames(access, 'node', { signal })
  expect(requests).toEqual([
    'GET /apis/apps/v1/namespaces/shop/deployments?limit=500&labelSelector=a+in+%28b%2Cc%29',
    'GET /api/v1/nodes?limit=500',
  ])
})

test('getPod sends a name as one part of the path, whatever it has in it', async () => {
  const { access, requests } = await openAnsweringPeer({})
  expect(await getPod(access, 'shop', '../nodes?x', signal)).toBeUndefined()
  expect(requests).toEqual(['GET /api/v1/namespaces/shop/pods/..%2Fnodes%3Fx'])
})

test('hasNamespace does not know where the login may not ask', async () => {
  const { access } = await openApiPeer((request, response) => {
    if (request.url?.endsWith('/hidden')) response.writeHead(403)
    else if (request.url?.endsWith('/none')) response.writeHead(404)
    response.end('{}')
  })
  const answers = ['shop', 'none', 'hidden'].map((name) => hasNamespace(access, name, signal))
  expect(await Promise.all(answers)).toEqual([true, false, undefined])
})

test('listApiEndpoints takes each address with each port, up to 16 of them, and no names', async () => {
  const path = 'GET /api/v1/namespaces/default/endpoints/kubernetes'
  const ports = [{ port: 6443 }, { port: 443 }]
  const few = await openAnsweringPeer({
    [path]: { subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: 'evil or not host' }], ports }] },
  })
  expect(await listApiEndpoints(few.access, signal)).toEqual([
    { host: '10.0.0.1', port: 6443 },
    { host: '10.0.0.1', port: 443 },
  ])
  const addresses = Array.from({ length: 100 }, (_, i) => ({ ip: `10.0.0.${i}` }))
  const many = await openAnsweringPeer({ [path]: { subsets: [{ addresses, ports }] } })
  expect((await listApiEndpoints(many.access, signal)).length).toBe(16)
})
