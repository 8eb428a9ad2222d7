import { expect, test } from 'vitest'
import { type FollowPodRun, followPod } from '../../src/target/follow-pod.ts'
import type { PodSetChange } from '../../src/target/pod-set-change.ts'
import { openApiPeer } from '../support/api-peer.ts'
import { makeFakeClock } from '../support/fake-clock.ts'

interface PodFacts {
  readonly uid?: string
  readonly phase?: string
  readonly ownerKind?: string
}

function pod({ uid = 'uid-1', phase = 'Running', ownerKind = 'ReplicaSet' }: PodFacts = {}) {
  return {
    metadata: { name: 'web-0', namespace: 'shop', uid, ownerReferences: [{ kind: ownerKind, controller: true }] },
    spec: { nodeName: 'node-1', containers: [{ name: 'api' }] },
    status: { phase, containerStatuses: [{ name: 'api', containerID: `c-${uid}`, state: { running: {} } }] },
  }
}

/** Follows a pod that may be read but not watched; `answers` are the API server's answers, one after the other. */
async function poll(answers: readonly (object | undefined | number)[], run: Partial<FollowPodRun> = {}) {
  const left = [...answers]
  const peer = await openApiPeer((request, response) => {
    const status = (code: number) => {
      response.writeHead(code, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ kind: 'Status', code }))
    }
    if (request.url?.includes('/pods?')) return status(403)
    const answer = left.length > 1 ? left.shift() : left[0]
    if (answer === undefined) status(404)
    else if (typeof answer === 'number') status(answer)
    else response.end(JSON.stringify(answer))
  })
  const clock = makeFakeClock()
  const stop = new AbortController()
  const changes = followPod({ kind: 'pod', pod: 'web-0', namespace: 'shop' }, peer.access, {
    patienceMs: 60_000,
    signal: stop.signal,
    log: () => {},
    clock,
    ...run,
  })
  const seen: PodSetChange[] = []
  let isOver = false
  const reading = (async () => {
    for await (const change of changes) seen.push(change)
    isOver = true
  })()
  reading.catch(() => {})
  const until = async (isThere: () => boolean) => {
    for (let i = 0; i < 500 && !isThere(); i++) {
      await clock.advance(500)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(isThere()).toBe(true)
  }
  return { seen, until, isOver: () => isOver, reading, clock, stop, requests: peer.requests }
}

test('a login that may only get the pod polls it, and ends when the pod is gone', async () => {
  const { seen, until, isOver } = await poll([pod(), 500, pod(), undefined])
  await until(isOver)
  expect(seen.map(({ pods, gone }) => [[...pods.keys()], gone])).toEqual([
    [['uid-1'], []],
    [['uid-1'], []],
    [[], ['uid-1']],
  ])
})

test.each(['Succeeded', 'Failed'])('a pod whose containers have all ended (%s) is gone', async (phase) => {
  const { seen, until, isOver } = await poll([pod(), pod({ phase })])
  await until(isOver)
  expect(seen.at(-1)).toMatchObject({ running: [], gone: ['uid-1'] })
})

test('kcap waits a limited time for a new pod of a StatefulSet', async () => {
  const ownerKind = 'StatefulSet'
  const { seen, until, isOver, clock } = await poll([pod({ ownerKind }), undefined, pod({ ownerKind, uid: 'uid-2' })])
  await until(() => seen.length >= 3)
  expect(seen.slice(0, 3).map(({ running, gone }) => [running.map(({ uid }) => uid), gone])).toEqual([
    [['uid-1'], []],
    [[], ['uid-1']],
    [['uid-2'], []],
  ])
  expect(isOver()).toBe(false)
  const gone = await poll([pod({ ownerKind }), undefined])
  await gone.until(() => gone.seen.length >= 2)
  const goneMs = gone.clock.nowMs()
  await gone.until(gone.isOver)
  expect(gone.clock.nowMs() - goneMs).toBeGreaterThan(50_000)
  expect(clock.nowMs()).toBeGreaterThan(0)
})

test('a login that loses the right to get the pod ends the following with the refusal', async () => {
  const { reading, until, seen, clock } = await poll([pod(), 403])
  await until(() => seen.length === 1)
  await clock.advance(5_000)
  await expect(reading).rejects.toMatchObject({ code: 'api-forbidden' })
})

test('a stop ends the following of a pod at once', async () => {
  const { reading, until, seen, stop } = await poll([pod()])
  await until(() => seen.length === 1)
  stop.abort('stopped')
  await expect(reading).rejects.toBe('stopped')
})
