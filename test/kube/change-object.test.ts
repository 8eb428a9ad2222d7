import { expect, test } from 'vitest'
import { changeObject } from '../../src/kube/change-object.ts'
import { openAnsweringPeer, openApiPeer } from '../support/api-peer.ts'

const change = {
  path: '/api/v1/namespaces/shop/pods/web',
  action: { verb: 'patch', resource: 'pods' },
  signal: new AbortController().signal,
} as const

test('a change is sent as JSON, or as what its patch is, and a deletion without a body', async () => {
  const sent: [string | undefined, string | undefined, string][] = []
  const { access } = await openApiPeer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    sent.push([request.method, request.headers['content-type'], body])
    response.end('{"metadata":{"name":"web"}}')
  })
  const contentType = 'application/strategic-merge-patch+json'
  expect(await changeObject(access, { ...change, method: 'POST', body: { a: 1 } })).toEqual({
    metadata: { name: 'web' },
  })
  await changeObject(access, { ...change, method: 'PATCH', body: {}, contentType })
  await changeObject(access, { ...change, method: 'DELETE' })
  expect(sent).toEqual([
    ['POST', 'application/json', '{"a":1}'],
    ['PATCH', contentType, '{}'],
    ['DELETE', undefined, ''],
  ])
})

test('a change of an object that does not exist is undefined', async () => {
  const { access } = await openAnsweringPeer({})
  expect(await changeObject(access, { ...change, method: 'DELETE' })).toBeUndefined()
})
