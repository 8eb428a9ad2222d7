import { once } from 'node:events'
import { get, type IncomingMessage, type RequestListener } from 'node:http'
import { expect, test, vi } from 'vitest'
import type { KcapError } from '../../src/base/kcap-error.ts'
import { isAccepted, readRefusal, refuseAnswer } from '../../src/kube/read-refusal.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'

const action = { verb: 'list', resource: 'pods' } as const

async function ask(answer: RequestListener) {
  const { access } = await openApiPeer(answer)
  const [response] = (await once(get(access.server, { agent: access.agent }), 'response')) as [IncomingMessage]
  return { access, response }
}

test.each([
  [200, true],
  [201, true],
  [404, false],
])('an answer of %i is accepted: %s', async (status, isFine) => {
  const { access, response } = await ask((_request, answer) => answer.writeHead(status).end('{}'))
  expect(await isAccepted(access, action, response)).toBe(isFine)
})

test('any other answer is an error with the text of the API server', async () => {
  const message = 'User "ann" cannot list resource "pods"'
  const { access, response } = await ask((_request, answer) =>
    answer.writeHead(403).end(JSON.stringify({ kind: 'Status', message })),
  )
  expect((await failureOf(isAccepted(access, action, response))).code).toBe('api-forbidden')
})

test('a refusal is read up to 64 KiB', async () => {
  const { response } = await ask((_request, answer) => answer.writeHead(500).end('x'.repeat(200_000)))
  expect((await readRefusal(response)).length).toBe(64 * 1024)
})

test('a refusal whose text stalls is what has arrived after 3 s', async () => {
  const { response } = await ask((_request, answer) => void answer.writeHead(500).write('no space'))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const read = readRefusal(response)
  await new Promise((resolve) => setImmediate(resolve))
  vi.advanceTimersByTime(3_000)
  vi.useRealTimers()
  expect(await read).toBe('no space')
})

test('an answer that is no JSON asks whether it is an API server', async () => {
  const { access } = await openApiPeer(() => {})
  const refuse = refuseAnswer(access, { path: '/api/v1/pods', action })
  const hintsOf = (state: string) => (refuse(state) as KcapError).hints
  expect(hintsOf('its answer is no JSON object')).toEqual([
    'is it an API server? a login page of a proxy may answer in its place',
    'kubectl get --raw /api/v1/pods',
  ])
  expect(hintsOf('its answer is too long')).toEqual(['kubectl get --raw /api/v1/pods'])
})
