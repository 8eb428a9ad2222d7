import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { getUserName, mayDo } from '../../src/kube/access-review.ts'
import { openAnsweringPeer, openApiPeer } from '../support/api-peer.ts'

const { signal } = new AbortController()
const exec = { verb: 'create', resource: 'pods/exec', namespace: 'shop' } as const
const reviews = 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

async function readJson(request: IncomingMessage): Promise<{ spec?: { resourceAttributes?: object } }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString())
}

test('a review asks for the resource and its subresource, in the namespace', async () => {
  let asked: object | undefined
  const { access } = await openApiPeer(async (request, response) => {
    asked = (await readJson(request)).spec?.resourceAttributes
    response.end(JSON.stringify({ status: { allowed: true } }))
  })
  expect(await mayDo(access, exec, signal)).toBe(true)
  expect(asked).toEqual({ verb: 'create', resource: 'pods', subresource: 'exec', namespace: 'shop' })
})

test('a login lacks what the review denies, and nothing is known without an answer', async () => {
  const denying = await openAnsweringPeer({ [reviews]: { status: { allowed: false } } })
  expect(await mayDo(denying.access, exec, signal)).toBe(false)
  const { access } = await openAnsweringPeer({})
  expect([await mayDo(access, exec, signal), await getUserName(access, signal)]).toEqual([undefined, undefined])
})

test('the user of a login is the one that the API server knows', async () => {
  const { access } = await openAnsweringPeer({
    'POST /apis/authentication.k8s.io/v1/selfsubjectreviews': { status: { userInfo: { username: 'ann' } } },
  })
  expect(await getUserName(access, signal)).toBe('ann')
})

test('an aborted review rejects with the reason of the abort', async () => {
  const { access } = await openAnsweringPeer({})
  const aborted = AbortSignal.abort('enough')
  await expect(mayDo(access, exec, aborted)).rejects.toBe('enough')
  await expect(getUserName(access, aborted)).rejects.toBe('enough')
})
