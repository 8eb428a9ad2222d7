import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { changeObject } from '../../src/kube/change-object.ts'
import { listNames, listPods, readPods } from '../../src/kube/kube-objects.ts'
import { requestObject } from '../../src/kube/kube-request.ts'
import { listServiceEndpoints } from '../../src/kube/services.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'

const { signal } = new AbortController()
const item = (name: string) => ({ metadata: { name, namespace: 'shop' }, status: { phase: 'Running' } })

/** Writes without end, as fast as it is read, until the client has gone. */
function flood(response: ServerResponse, make: () => string): void {
  const go = () => {
    while (!response.destroyed && response.write(make()));
  }
  response.on('drain', go)
  go()
}

test('a page of 20,000 pods, by a server that knows no limit, is read whole', async () => {
  const { access } = await openApiPeer((_request, response) => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ cells: [`p-${i}`, 'Running'], object: item(`p-${i}`) }))
    response.end(JSON.stringify({ columnDefinitions: [{ name: 'Name' }, { name: 'Status' }], rows }))
  })
  const rows = await listPods(access, { signal })
  expect([rows.length, rows.at(-1)]).toEqual([20_000, { namespace: 'shop', name: 'p-19999', status: 'Running' }])
})

test('a page without end is read as far as it is wanted', async () => {
  let closed = 0
  const { access } = await openApiPeer((_request, response) => {
    response.on('close', () => {
      closed += 1
    })
    response.write('{"items":[')
    flood(response, () => `${JSON.stringify(item('web'))},`)
  })
  expect((await listNames(access, 'svc', { limit: 100, signal })).length).toBe(100)
  for await (const pods of readPods(access, { signal })) if (pods.length > 0) break
  await expect.poll(() => closed).toBe(2)
})

test('an endless list is cut where it would take too much memory, and reported as cut', async () => {
  const { access, requests } = await openApiPeer((_request, response) => {
    const items = Array.from({ length: 500 }, (_, i) => item(`${'x'.repeat(240)}-${i}`))
    response.end(JSON.stringify({ metadata: { continue: `${requests.length}` }, items }))
  })
  let isCut = false
  const rows = await listPods(access, {
    signal,
    onCut: () => {
      isCut = true
    },
  })
  expect(isCut).toBe(true)
  expect(rows.length).toBeGreaterThan(50_000)
  expect(rows.length).toBeLessThan(100_000)
})

test.each([
  ['always with the same token', () => 'same', 2],
  ['always with another', (page: number) => String(page), 1_000],
])("empty pages that go on %s are 'api-failed'", async (_, token, pages) => {
  const { access, requests } = await openApiPeer((_request, response) => {
    response.end(JSON.stringify({ metadata: { continue: token(requests.length) }, items: [] }))
  })
  const error = await failureOf(listPods(access, { signal }))
  expect([error.code, error.exitCode, error.message, requests.length]).toEqual([
    'api-failed',
    1,
    'cannot list "/api/v1/pods": its pages do not end',
    pages,
  ])
  expect(error.hints).toEqual(["kubectl get --raw '/api/v1/pods?limit=1'"])
})

test("an object that is larger than one of the API can be is 'api-failed', in a list and by itself", async () => {
  const { access } = await openApiPeer((request, response) => {
    response.write(request.url?.endsWith('/web') ? '{"a":"' : '{"items":[{"a":"')
    flood(response, () => 'x'.repeat(100_000))
  })
  const listed = await failureOf(listPods(access, { namespace: 'shop', signal }))
  const action = { verb: 'get', resource: 'pods' } as const
  const one = await failureOf(requestObject(access, { path: '/api/v1/namespaces/shop/pods/web', action, signal }))
  const { host } = access.server
  expect([listed.code, listed.message]).toEqual([
    'api-failed',
    `cannot list pods of "${host}": an object of its answer has more than 3145728 bytes`,
  ])
  expect([one.code, one.message]).toEqual([
    'api-failed',
    `cannot get pods of "${host}": an object of its answer has more than 3145728 bytes`,
  ])
  expect(one.hints).toEqual(['kubectl get --raw /api/v1/namespaces/shop/pods/web'])
})

test('a page of HTML in place of a list says so', async () => {
  const { access } = await openApiPeer((_request, response) => response.end('<html>Sign in</html>'))
  const error = await failureOf(listPods(access, { signal }))
  expect([error.code, error.message]).toEqual([
    'api-failed',
    `cannot list pods of "${access.server.host}": its answer is no JSON object`,
  ])
  expect(error.hints).toEqual([
    'is it an API server? a login page of a proxy may answer in its place',
    "kubectl get --raw '/api/v1/pods?limit=500'",
  ])
})

test.each<[string, string, (response: ServerResponse) => void]>([
  ['that is never answered', 'it does not answer', () => {}],
  ['whose headers never end', 'it does not answer', (response) => response.socket?.write('HTTP/1.1 200 OK\r\nx: ')],
  ['whose answer never ends', 'its answer has not ended within 0.2 s', (response) => response.write('{"a":')],
])("a request %s is 'api-unreachable' in time, whatever it asks", async (_, state, answer) => {
  const { access } = await openApiPeer((_request, response) => answer(response))
  const request = {
    path: '/api/v1/pods',
    action: { verb: 'get', resource: 'pods' } as const,
    signal,
    timeoutMs: 200,
  }
  const asks = [
    () => requestObject(access, request),
    ...(['POST', 'PATCH', 'DELETE'] as const).map(
      (method) => () => changeObject(access, { ...request, method, body: {} }),
    ),
  ]
  for (const ask of asks) {
    const error = await failureOf(ask())
    expect([error.code, error.exitCode, error.message]).toEqual([
      'api-unreachable',
      4,
      `cannot reach the API server "${access.server.host}": ${state}`,
    ])
  }
})

test('a refusal whose text never ends counts by what has come of it', async () => {
  const { access } = await openApiPeer((request, response) => {
    response.writeHead(403)
    const text = JSON.stringify({ kind: 'Status', message: 'User "ann" cannot list resource "pods"' })
    if (request.url?.includes('slow')) response.write(text)
    else flood(response, () => 'x'.repeat(10_000))
  })
  const ask = (path: string) =>
    failureOf(requestObject(access, { path, action: { verb: 'list', resource: 'pods' }, signal }))
  const [slow, endless] = await Promise.all([ask('/slow'), ask('/endless')])
  expect([slow.code, slow.message]).toEqual([
    'api-forbidden',
    'cannot list pods in all namespaces: user "ann" is not allowed to',
  ])
  expect(endless.code).toBe('api-forbidden')
})

test('a service that stands for more pods than can be is refused', async () => {
  const { access } = await openApiPeer((_request, response) => {
    response.write('{"items":[')
    let count = 0
    flood(response, () => {
      const endpoints = Array.from({ length: 100 }, () => ({ targetRef: { kind: 'Pod', name: `web-${count++}` } }))
      return `${JSON.stringify({ endpoints })},`
    })
  })
  const error = await failureOf(listServiceEndpoints(access, 'shop', 'web', signal))
  expect([error.code, error.message]).toEqual([
    'api-failed',
    `cannot list endpointslices of "${access.server.host}": there are more than kcap takes`,
  ])
})
