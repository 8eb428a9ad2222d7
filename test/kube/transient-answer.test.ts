import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { WriteLog } from '../../src/base/log.ts'
import { openAnswer } from '../../src/kube/kube-request.ts'
import { deletePod } from '../../src/kube/node-pod.ts'
import { findResetPause, findRetryPause } from '../../src/kube/transient-answer.ts'
import { openApiPeer } from '../support/api-peer.ts'

const { signal } = new AbortController()

describe('an answer', () => {
  const answer = (statusCode: number, after?: string) => ({
    statusCode,
    headers: after === undefined ? {} : { 'retry-after': after },
  })

  test.each([
    [429, '1', 1_000],
    [503, '2', 2_000],
    [500, '1', 1_000],
    // What says "at once" is not believed.
    [429, '0', 500],
  ])('%i with Retry-After %s is waited for, whatever the method', (status, after, pauseMs) => {
    for (const isRepeatable of [true, false])
      expect(findRetryPause(answer(status, after), isRepeatable, 1)).toBe(pauseMs)
  })

  test.each([502, 504])('%i is asked for again where that does no harm', (status) => {
    expect([1, 2, 3, 4, 5].map((tries) => findRetryPause(answer(status), true, tries))).toEqual([
      500,
      1_000,
      2_000,
      4_000,
      undefined,
    ])
    expect(findRetryPause(answer(status), false, 1)).toBeUndefined()
  })

  test.each([
    [200, '1'],
    [403, '1'],
    [500, undefined],
    [503, undefined],
    [429, 'soon'],
    [429, '-1'],
    [429, '3600'],
  ])('%i with Retry-After %s is final', (status, after) => {
    expect(findRetryPause(answer(status, after), true, 1)).toBeUndefined()
  })
})

test('a connection that was reset is replaced at once, once more after a pause, and for nothing that may not be repeated', () => {
  const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
  const wrapped = new Error('cannot reach the API server', { cause: reset })
  for (const error of [reset, wrapped])
    expect([1, 2, 3].map((tries) => findResetPause(error, true, tries))).toEqual([0, 500, undefined])
  expect(findResetPause(reset, false, 1)).toBeUndefined()
  expect(findResetPause(Object.assign(new Error(), { code: 'ECONNREFUSED' }), true, 1)).toBeUndefined()
})

/** Answers one after the other; the last one for all that follow. */
async function openPeer(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const lines: string[] = []
  let count = 0
  const peer = await openApiPeer((request, response) => {
    request.resume()
    answers[Math.min(count++, answers.length - 1)]?.(request, response)
  })
  const clock = { nowMs: () => 0, sleep: async (ms: number) => void pauses.push(ms) }
  const pauses: number[] = []
  const log: WriteLog = (line, { level } = {}) => void (level === 'debug' || lines.push(line))
  const access = { ...peer.access, log }
  return { ...peer, access, lines, pauses, clock }
}

const busy = (_: IncomingMessage, response: ServerResponse) => response.writeHead(429, { 'retry-after': '1' }).end()
const cut = (request: IncomingMessage) => request.socket.destroy()
const done = (_: IncomingMessage, response: ServerResponse) => response.end('{}')

test('a request is sent again until the API server has time, and each attempt is logged', async () => {
  const { access, requests, lines, pauses, clock } = await openPeer(busy, busy, done)
  const response = await openAnswer(access, { path: '/api/v1/pods?limit=1', signal, clock })
  response.resume()
  expect([response.statusCode, requests.length, pauses]).toEqual([200, 3, [1_000, 1_000]])
  expect(lines).toEqual([
    'GET /api/v1/pods: the API server answered 429; sent again in 1 s (1 of 5 times)',
    'GET /api/v1/pods: the API server answered 429; sent again in 1 s (2 of 5 times)',
  ])
})

test('what an API server never has time for ends with its last answer', async () => {
  const { access, requests, clock } = await openPeer(busy)
  const response = await openAnswer(access, {
    path: '/api',
    method: 'POST',
    body: '{}',
    contentType: 'application/json',
    signal,
    clock,
  })
  response.resume()
  expect([response.statusCode, requests.length]).toEqual([429, 5])
})

test('a POST whose connection is cut is not sent twice, a DELETE is', async () => {
  const posted = await openPeer(cut, done)
  const post = {
    path: '/api',
    method: 'POST',
    body: '{}',
    contentType: 'application/json',
    signal,
    clock: posted.clock,
  } as const
  await expect(openAnswer(posted.access, post)).rejects.toMatchObject({ code: 'api-unreachable' })
  expect(posted.requests).toHaveLength(1)
  const deleted = await openPeer(done, cut, cut, done)
  // The first request leaves a connection behind that is cut with the second.
  ;(await openAnswer(deleted.access, { path: '/api', signal })).resume()
  expect(await deletePod(deleted.access, { namespace: 'shop', pod: 'kcap-1' })).toBe(true)
  expect(deleted.requests.slice(1)).toEqual(Array(3).fill('DELETE /api/v1/namespaces/shop/pods/kcap-1'))
})
