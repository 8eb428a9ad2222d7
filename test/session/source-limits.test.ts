import { expect, test } from 'vitest'
import { monotonicClock } from '../../src/base/clock.ts'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { SourceEnd } from '../../src/base/packet-source.ts'
import type { PodSetName, PodTarget } from '../../src/base/target.ts'
import type { CaptureTarget } from '../../src/session/keep-capturing.ts'
import { makePodEvents } from '../../src/session/pod-events.ts'
import { makeProgress } from '../../src/session/session-progress.ts'
import { makeSourceSet } from '../../src/session/source-set.ts'
import { makeFakeClock } from '../support/fake-clock.ts'
import { makePodTarget } from '../support/pod-target.ts'

const name: PodSetName = { kind: 'pods', pattern: '*', allNamespaces: false }
const refusal = new KcapError('api-forbidden', 'cannot get pods/exec')

const pod = (i: number): PodTarget => makePodTarget({ pod: `web-${i}`, uid: `uid-${i}` })

/** A set whose captures `capture` makes; all of the targets are there from the start. */
function openSet(targets: readonly PodTarget[], capture: CaptureTarget, limit = 50) {
  const told: string[] = []
  const started: string[] = []
  const progress = makeProgress('x')
  const sources = makeSourceSet({
    clock: monotonicClock,
    limit,
    capture: (target, figures, run) => {
      started.push((target as PodTarget).pod)
      return capture(target, figures, run)
    },
    reconnectMs: 0,
    renewLogin: async () => {},
    findEnd: async () => undefined,
    addFigures: progress.addSource,
    sessionStop: new AbortController().signal,
    onNothingLeft: () => {},
    tell: (event) => told.push(event),
  })
  sources.start(targets)
  sources.follow(name, { pods: new Map(targets.map((target) => [target.uid, target])), running: targets, gone: [] })
  return { sources, told, started, progress }
}

test('where a thousand pods refuse to be captured the others are not tried', async () => {
  const targets = Array.from({ length: 3_000 }, (_, i) => pod(i))
  const { sources, told, started } = openSet(targets, () => Promise.reject(refusal))
  await sources.settled()
  expect(started.length).toBeGreaterThanOrEqual(1_000)
  expect(started.length).toBeLessThan(1_100)
  const leftOut = told.filter((event) => event.includes('left out'))
  expect(leftOut).toEqual([
    'shop/web-50 and others are left out: 50 are captured at once; --max-pods N allows more',
    expect.stringMatching(/^shop\/web-\d+ and others are left out: 1000 others could not be captured$/),
  ])
})

test('pods that come and go without end are captured until there are 10,000 of them', async () => {
  const end: SourceEnd = { statistics: { captured: 1, received: 1, dropped: 0 }, error: undefined }
  const { sources, told, started } = openSet(
    Array.from({ length: 10_500 }, (_, i) => pod(i)),
    async (_target, figures) => {
      figures.begin()
      return end
    },
    1_000,
  )
  await sources.settled()
  expect(started.length).toBe(10_000)
  expect(told.at(-1)).toBe('shop/web-10000 and others are left out: 10000 have been captured')
})

test('a captured pod counts as followed when it has gone, and pods that nobody captured are forgotten', () => {
  const podEvents = makePodEvents((uid) => uid === 'uid-1', makeFakeClock())
  const pods = new Map([pod(1), pod(2)].map((target) => [target.uid, target]))
  podEvents.update(name, { pods, running: [...pods.values()], gone: [] })
  expect([1, 2, 3].map((i) => podEvents.isFollowed(pod(i)))).toEqual([true, true, false])
  pods.clear()
  expect(podEvents.update(name, { pods, running: [], gone: ['uid-1', 'uid-2'] })).toEqual(['uid-1', 'uid-2'])
  expect([1, 2].map((i) => podEvents.isFollowed(pod(i)))).toEqual([true, false])
  pods.set('uid-1', pod(1)).set('uid-4', pod(4))
  podEvents.forget(name)
  expect([1, 4].map((i) => podEvents.isFollowed(pod(i)))).toEqual([false, false])
  expect([1, 4].map((i) => podEvents.wasFollowed(pod(i)))).toEqual([true, false])
})

test('counters of several runs are added, or unknown when one of them is', () => {
  const progress = makeProgress('x')
  const source = progress.addSource('shop/web', false)
  const large = Number.MAX_SAFE_INTEGER
  source.finish({ statistics: { captured: 1, received: large, dropped: undefined }, error: undefined })
  source.finish({ statistics: { captured: 2, received: large, dropped: 1 }, error: undefined })
  expect(source.figures).toMatchObject({ captured: 3, received: undefined, dropped: undefined })
})
