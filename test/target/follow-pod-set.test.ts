import { expect, test } from 'vitest'
import { followPodSet } from '../../src/target/follow-pod-set.ts'
import type { FollowRun, PodSetChange } from '../../src/target/pod-set-change.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { failureOf } from '../support/failure.ts'

interface PodFacts {
  readonly namespace?: string
  readonly uid?: string | undefined
  readonly phase?: string
  readonly containerId?: string
}

function pod(
  name: string,
  { namespace = 'shop', uid = `uid-${name}`, phase = 'Running', containerId = 'c-1' }: PodFacts = {},
) {
  return {
    metadata: { name, namespace, uid, resourceVersion: '5' },
    spec: { nodeName: 'node-1', containers: [{ name: 'api' }] },
    status: {
      phase,
      podIPs: [{ ip: '10.0.0.1' }],
      containerStatuses: [{ name: 'api', containerID: containerId, state: { running: {} } }],
    },
  }
}

type PodObject = ReturnType<typeof pod>

/** Changes of the pods of `shop/web*`, as reported by an API server that may send anything. */
async function follow(
  listed: readonly Pick<PodObject, 'metadata'>[],
  events: readonly [string, PodObject][],
  run: Partial<FollowRun> = {},
) {
  const { access } = await openApiPeer((request, response) => {
    if (request.url?.includes('watch=true'))
      response.write(events.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join(''))
    else response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: listed }))
  })
  const stop = new AbortController()
  const changes = followPodSet({ kind: 'pods', pattern: 'web*', allNamespaces: false, namespace: 'shop' }, access, {
    isCaptured: () => false,
    signal: stop.signal,
    log: () => {},
    ...run,
  })
  const next = async () => (await changes.next()).value as PodSetChange
  return { next, stop: () => stop.abort() }
}

const names = (change: PodSetChange) => change.running.map((target) => target.pod)

test('a pod set has only the requested pods, whatever the API server sends', async () => {
  const others = [
    pod('db'),
    pod('web-2', { namespace: 'other' }),
    { ...pod('web-3'), metadata: { name: 'web-3', namespace: 'shop', uid: undefined as never, resourceVersion: '' } },
  ]
  const { next, stop } = await follow([pod('web-1'), ...others], [])
  const first = await next()
  expect([names(first), [...first.pods.keys()]]).toEqual([['web-1'], ['uid-web-1']])
  stop()
})

test('a pod set changes with its containers, and not with a condition', async () => {
  const { next, stop } = await follow(
    [pod('web-1')],
    [
      ['MODIFIED', pod('web-1')],
      ['MODIFIED', pod('web-1')],
      ['MODIFIED', pod('web-1', { containerId: 'c-2' })],
      ['ADDED', pod('web-2', { phase: 'Succeeded' })],
      ['DELETED', pod('web-3')],
    ],
  )
  await next()
  const change = await next()
  expect([names(change), change.gone]).toEqual([['web-1'], []])
  expect(change.running[0]?.containerId).toBe('c-2')
  expect([...change.pods.keys()]).toEqual(['uid-web-1', 'uid-web-2'])
  stop()
})

test('a pod that comes and goes in one piece of the stream is neither present nor forgotten', async () => {
  const { next, stop } = await follow(
    [pod('web-1')],
    [
      ['DELETED', pod('web-1')],
      ['ADDED', pod('web-1')],
      ['ADDED', pod('web-2')],
      ['DELETED', pod('web-2')],
    ],
  )
  await next()
  const change = await next()
  expect([names(change), change.gone, [...change.pods.keys()]]).toEqual([['web-1'], ['uid-web-2'], ['uid-web-1']])
  stop()
})

test('of 6,000 pods a pod set knows 5,000 as targets, and those that are captured', async () => {
  const many = Array.from({ length: 6_000 }, (_, i) => pod(`web-${i}`))
  const { next, stop } = await follow(many, [], { isCaptured: (uid) => uid === 'uid-web-5999' })
  const change = await next()
  expect([change.running.length, change.pods.size]).toEqual([5_001, 6_000])
  expect([change.pods.get('uid-web-5999')?.pod, change.pods.get('uid-web-5998')]).toEqual(['web-5999', undefined])
  stop()
})

test("a set of more pods than a cluster has is 'api-failed'", async () => {
  // Only what the set reads: whole pods cost a second to write and read.
  const many = Array.from({ length: 100_001 }, (_, i) => ({
    metadata: { name: `web-${i}`, namespace: 'shop', uid: `${i}`, resourceVersion: '5' },
  }))
  const { next } = await follow(many, [])
  const error = await failureOf(next())
  expect([error.code, error.message]).toEqual([
    'api-failed',
    expect.stringMatching(/^cannot list pods of "127\.0\.0\.1:\d+": there are more than kcap takes$/),
  ])
  expect(error.hints).toEqual([
    'name a namespace, a pattern or a selector that leaves fewer of them: -n NAMESPACE, -l SELECTOR',
  ])
})
