import { describe, expect, test } from 'vitest'
import { readExecStatus } from '../../src/kube/exec-status.ts'
import { fitAnswer, fitListItem, fitWatchEvent } from '../../src/kube/fit-answer.ts'
import { toApiError } from '../../src/kube/kube-error.ts'

describe('fitAnswer()', () => {
  test('takes a field that is null, or no such thing, for a missing one', () => {
    const object = { metadata: { name: 5 }, spec: { containers: {} }, subsets: null }
    expect(fitAnswer(object)).toEqual({ metadata: {}, spec: {} })
  })

  test('leaves out containers without a name, and text that cannot be sent back', () => {
    const spec = { containers: [{ name: 'api' }, {}, { name: '\ud800' }], nodeName: '\udc00' }
    expect(fitAnswer({ spec })).toEqual({ spec: { containers: [{ name: 'api' }] } })
  })

  test('keeps nothing of an object but what is read of it', () => {
    const metadata = { name: 'web', managedFields: [{}], annotations: { 'a/b': 'c', 'kcap/owner': 'ann' } }
    const kept = { metadata: { name: 'web', annotations: { 'kcap/owner': 'ann' } } }
    expect(fitAnswer({ metadata, data: 'x' })).toEqual(kept)
    expect(fitListItem({ cells: ['web', 5, {}], object: { metadata } })).toEqual({
      cells: ['web', '5', ''],
      object: kept,
    })
  })

  test('takes a name, a container id or a token that is longer than Kubernetes lets it be for a missing one', () => {
    const long = 'a'.repeat(10_000)
    const containerStatuses = [{ name: 'api', containerID: long }, { name: long }]
    const metadata = { name: long, namespace: long, uid: long, resourceVersion: long, continue: long }
    expect(fitAnswer({ metadata, spec: { nodeName: long }, status: { hostIP: long, containerStatuses } })).toEqual({
      metadata: {},
      spec: {},
      status: { containerStatuses: [{ name: 'api' }] },
    })
  })

  test('keeps the beginning of words for people', () => {
    expect(fitAnswer({ status: { message: 'a'.repeat(1_000_000) } })).toEqual({
      status: { message: 'a'.repeat(4_096) },
    })
  })

  test.each([0, 65_536, 1.5, '443'])('takes the port %j for none', (port) => {
    expect(fitAnswer({ subsets: [{ ports: [{ port }, { port: 443 }] }] })).toEqual({
      subsets: [{ ports: [{ port: 443 }] }],
    })
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
  expect(readExecStatus('shop/web', 'sh', Buffer.from(body))).toMatchObject({
    kind: 'refused',
    error: { code: 'capture-program-failed' },
  })
})

test('a refusal of megabytes is read at once', () => {
  const message = `violates PodSecurity "${'a'.repeat(300_000)}`
  const startMs = performance.now()
  toApiError(
    { server: new URL('https://x') },
    { verb: 'create', resource: 'pods' },
    403,
    JSON.stringify({ kind: 'Status', message }),
  )
  readExecStatus('shop/web', 'sh', Buffer.from(JSON.stringify({ status: 'Failure', message: 'stat '.repeat(100_000) })))
  readExecStatus('shop/web', 'sh', Buffer.from('stat '.repeat(100_000)))
  expect(performance.now() - startMs).toBeLessThan(1_000)
})

test.each([
  ['3', { kind: 'exited', code: 3 }],
  ['255', { kind: 'exited', code: 255 }],
  ['256', { kind: 'refused' }],
  ['9'.repeat(400), { kind: 'refused' }],
])('the exit code %s in the end of an exec', (message, end) => {
  const status = { status: 'Failure', details: { causes: [{ reason: 'ExitCode', message }] } }
  expect(readExecStatus('shop/web', 'sh', Buffer.from(JSON.stringify(status)))).toMatchObject(end)
})
