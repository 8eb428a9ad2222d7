import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { type AttemptOptions, attemptRoutes } from '../../src/route/attempt-routes.ts'
import { makeConsent } from '../../src/route/consent.ts'
import { defaultSettings } from '../../src/settings/settings.ts'
import { makePodTarget } from '../support/pod-target.ts'

const pod = makePodTarget({ pod: 'orders' })
const refused = () => Promise.reject(new Error('not asked in this test'))
const options = (more: Partial<AttemptOptions> = {}): AttemptOptions => ({
  via: 'auto',
  clusters: { open: refused, close() {} },
  ssh: { signal: new AbortController().signal },
  nodeHost: undefined,
  nodeSsh: undefined,
  signal: new AbortController().signal,
  debug: defaultSettings('').debug,
  nodePods: { openRoute: refused, close: async () => {} },
  log() {},
  consent: makeConsent([], undefined),
  formatCommand: (_, via) => `kcap shop/orders --via ${via}`,
  ...more,
})

test('a route that was asked for is the only one: its failure is the end', async () => {
  const attempts = attemptRoutes(pod, options({ via: 'ephemeral' }))
  expect((await attempts.next()).value.via).toBe('ephemeral')
  const failure = new KcapError('api-forbidden', 'no right')
  await expect(attempts.next(failure)).rejects.toBe(failure)
})

test.each(['connection-lost', 'pod-not-found', 'bad-filter'] as const)(
  'after exec has failed with %s the cluster is asked for no other route',
  async (code) => {
    const attempts = attemptRoutes(pod, options())
    expect((await attempts.next()).value.via).toBe('exec')
    const failure = new KcapError(code, 'it failed')
    await expect(attempts.next(failure)).rejects.toBe(failure)
  },
)

test('a stop while a route is tried is no reason for the next one', async () => {
  const attempts = attemptRoutes(pod, options())
  await attempts.next()
  await expect(attempts.next('stopped')).rejects.toBe('stopped')
})

test('a node goes by SSH where the config names its host, then by a pod if that is allowed', async () => {
  const node = { kind: 'node', cluster: {}, context: 'prod', namespace: 'shop', node: 'worker-1' } as const
  const nodeSsh = { kind: 'ssh', host: '{node}', sudo: 'none' } as const
  const unreachable = new KcapError('ssh-unreachable', 'cannot reach "worker-1"')
  const allowed = attemptRoutes(node, options({ nodeSsh, consent: makeConsent(['node-pod'], undefined) }))
  expect((await allowed.next()).value.via).toBe('ssh')
  expect((await allowed.next(unreachable)).value.via).toBe('node-pod')
  const refusing = attemptRoutes(node, options({ nodeSsh }))
  await refusing.next()
  await expect(refusing.next(unreachable)).rejects.toMatchObject({
    code: 'consent-missing',
    remedies: ['kcap shop/orders --via node-pod', 'not via ssh: cannot reach "worker-1"'],
  })
})
