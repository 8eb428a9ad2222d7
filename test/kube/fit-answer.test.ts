import { describe, expect, test } from 'vitest'
import { readExecStatus } from '../../src/kube/exec-status.ts'
import { fitAnswer, fitWatchEvent } from '../../src/kube/fit-answer.ts'
import { toApiError } from '../../src/kube/kube-error.ts'
import { followPage } from '../../src/kube/kube-request.ts'

describe('fitAnswer()', () => {
  test('takes a field that is null, or no such thing, for a missing one', () => {
    const answer = { items: [{ metadata: { name: 5 }, spec: { containers: {} }, subsets: null }, 'x', null] }
    expect(fitAnswer(answer)).toEqual({ items: [{ metadata: {}, spec: {} }] })
  })

  test('leaves out containers without a name, and text that can not be sent back', () => {
    const spec = { containers: [{ name: 'api' }, {}, { name: '\ud800' }], nodeName: '\udc00' }
    expect(fitAnswer({ spec })).toEqual({ spec: { containers: [{ name: 'api' }] } })
  })

  test.each([null, 5, 'x', [[]]])('gives nothing for %j', (value) => {
    expect(fitAnswer(value)).toBe(undefined)
  })
})

test('an event of a watch without an object is none', () => {
  expect(fitWatchEvent({ type: 'ADDED' })).toBe(undefined)
  expect(fitWatchEvent(null)).toBe(undefined)
})

test.each([
  '{"status":"Failure","details":{"causes":{}}}',
  '{"status":"Failure","details":{"causes":[null]},"message":5}',
  'null',
])('the end of an exec that says %s is a refusal', (body) => {
  expect(readExecStatus('shop/web', 'sh', body)).toMatchObject({
    kind: 'refused',
    error: { code: 'capture-program-failed' },
  })
})

test('a refusal of megabytes is read at once', () => {
  const message = `violates PodSecurity "${'a'.repeat(300_000)}`
  const startMs = performance.now()
  toApiError(
    new URL('https://x'),
    { verb: 'create', resource: 'pods' },
    403,
    JSON.stringify({ kind: 'Status', message }),
  )
  readExecStatus('shop/web', 'sh', JSON.stringify({ status: 'Failure', message: 'stat '.repeat(100_000) }))
  readExecStatus('shop/web', 'sh', 'stat '.repeat(100_000))
  expect(performance.now() - startMs).toBeLessThan(1_000)
})

test('a list whose pages do not end is refused', () => {
  expect(followPage('/api/v1/pods', 'b', 'a', 2)).toBe('b')
  expect(followPage('/api/v1/pods', undefined, 'a', 2)).toBe(undefined)
  const refusal = expect.objectContaining({
    code: 'api-failed',
    message: 'cannot list "/api/v1/pods": its pages do not end',
  })
  expect(() => followPage('/api/v1/pods', 'a', 'a', 2)).toThrow(refusal)
  expect(() => followPage('/api/v1/pods', 'b', 'a', 1_000)).toThrow(refusal)
})
