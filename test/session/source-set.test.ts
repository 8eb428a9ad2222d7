import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { SourceEnd } from '../../src/base/packet-source.ts'
import { type FollowedName, formatTarget, type Target } from '../../src/base/target.ts'
import type { CaptureRun } from '../../src/session/keep-capturing.ts'
import { makeProgress } from '../../src/session/session-progress.ts'
import { makeSourceSet, type SourceSetOptions } from '../../src/session/source-set.ts'
import { makeFakeClock } from '../support/fake-clock.ts'
import { makePodTarget } from '../support/pod-target.ts'

const target = (host: string): Target => ({ kind: 'ssh', name: { kind: 'ssh', host, sudo: 'none' } })
const statistics = { captured: 0, received: 0, dropped: 0 }
const cut: SourceEnd = { statistics, error: new KcapError('connection-lost', 'the connection was lost') }

/** Captures that a test starts, ends and counts, on a clock that it moves. */
function openSet(options: Partial<SourceSetOptions> = {}) {
  const clock = makeFakeClock()
  const progress = makeProgress('out.pcapng')
  const sessionStop = new AbortController()
  const told: string[] = []
  const open: {
    readonly name: string
    readonly run: CaptureRun
    end(end: SourceEnd): void
    refuse(error: KcapError): void
  }[] = []
  const set = makeSourceSet({
    limit: 100,
    capture: async (one, figures, run) =>
      await new Promise<SourceEnd>((end, refuse) => {
        const markUp = () => {
          figures.begin()
          run.markUp()
        }
        open.push({ name: formatTarget(one), run: { ...run, markUp }, end, refuse })
      }),
    reconnectMs: 6_000,
    renewLogin: async () => {},
    findEnd: async () => undefined,
    addFigures: progress.addSource,
    sessionStop: sessionStop.signal,
    onNothingLeft: () => {},
    tell: (event) => told.push(event),
    clock,
    ...options,
  })
  return { clock, set, open, told, sessionStop, figures: progress.sources }
}

test('a quiet capture outlives any number of cuts, each shorter than its patience', async () => {
  const { clock, set, open, figures, sessionStop } = openSet()
  set.start([target('a')])
  for (let cuts = 0; cuts < 10; cuts++) {
    await clock.advance(0)
    open[cuts]?.run.markUp()
    await clock.advance(8_000)
    open[cuts]?.end(cut)
    await clock.advance(1_000)
  }
  expect(open).toHaveLength(11)
  open[10]?.run.markUp()
  expect(figures()).toEqual([expect.objectContaining({ state: 'capturing', gaps: 10 })])
  sessionStop.abort()
  open[10]?.end({ statistics, error: undefined })
  await set.settled()
})

test('an outage longer than the patience ends the capture with the reason', async () => {
  const { clock, set, open, figures } = openSet()
  set.start([target('a')])
  await clock.advance(0)
  open[0]?.run.markUp()
  await clock.advance(60_000)
  open[0]?.end(cut)
  for (let tries = 1; tries < 10; tries++) {
    await clock.advance(15_000)
    open[tries]?.refuse(new KcapError('ssh-unreachable', 'nothing listens there'))
  }
  await set.settled()
  expect(open.length).toBeLessThan(6)
  expect(figures()[0]).toMatchObject({ state: 'failed', error: expect.objectContaining({ code: 'ssh-unreachable' }) })
})

test('40 captures that are cut at once start again 8 at a time', async () => {
  const { clock, set, open, sessionStop } = openSet({ reconnectMs: 600_000 })
  set.start(Array.from({ length: 40 }, (_, i) => target(`host-${i}`)))
  for (let up = 0; up < 40; up += 8) {
    await clock.advance(0)
    expect(open).toHaveLength(up + 8)
    for (const { run } of open.slice(up)) run.markUp()
  }
  await clock.advance(3_600_000)
  for (const { end } of open.splice(0)) end(cut)
  for (let up = 0; up < 40; up += 8) {
    await clock.advance(2_000)
    expect(open).toHaveLength(up + 8)
    for (const { run } of open.slice(up)) run.markUp()
  }
  sessionStop.abort()
  for (const { end } of open) end({ statistics, error: undefined })
  await set.settled()
})

test('a capture that dies at once is retried ever less often, and the next packet says how many seconds were lost', async () => {
  const { clock, set, open, sessionStop } = openSet({ reconnectMs: Number.POSITIVE_INFINITY })
  set.start([target('a')])
  let seen = 0
  while (clock.nowMs() < 40_000) {
    await clock.advance(100)
    for (const { run, end } of open.slice(seen)) {
      run.markUp()
      end(cut)
    }
    seen = open.length
  }
  expect(seen).toBeLessThan(9)
  expect(open.at(-1)?.run.comment?.()).toMatch(/^the capture of ssh:\/\/a broke off: about \d+\.\d s are missing/)
  sessionStop.abort()
  await clock.advance(15_000)
  for (const { end } of open.slice(seen)) end({ statistics, error: undefined })
  await set.settled()
})

test('the time to renew a login counts as lost', async () => {
  const { clock, set, open, sessionStop } = openSet({ reconnectMs: 60_000 })
  set.start([target('a')])
  await clock.advance(0)
  open[0]?.run.markUp()
  open[0]?.end({ ...cut, heardMs: clock.nowMs() })
  await clock.advance(1_000)
  const loginMs = 30_000
  await clock.advance(loginMs)
  open[1]?.run.markUp()
  expect(open[1]?.run.comment?.()).toBe('the capture of ssh://a broke off: about 31.0 s are missing before this packet')
  sessionStop.abort()
  open[1]?.end({ statistics, error: undefined })
  await set.settled()
})

test('a login that is refused is renewed twice, whatever failed before', async () => {
  let renewals = 0
  const refused = new KcapError('api-unauthorized', 'the login is not accepted')
  const { clock, set, open, figures } = openSet({
    reconnectMs: 600_000,
    renewLogin: async () => {
      renewals += 1
    },
  })
  set.start([target('a')])
  await clock.advance(0)
  open[0]?.run.markUp()
  open[0]?.end(cut)
  for (let tries = 1; tries < 8; tries++) {
    await clock.advance(15_000)
    const error = tries <= 4 ? new KcapError('api-unreachable', 'nothing listens there') : refused
    open[tries]?.refuse(error)
  }
  await set.settled()
  expect(renewals).toBe(2)
  expect(figures()[0]).toMatchObject({ state: 'failed', error: refused })
})

test('a start that fails at once is not tried again', async () => {
  const { clock, set, open, figures } = openSet()
  set.start([target('a')])
  await clock.advance(0)
  open[0]?.refuse(new KcapError('ssh-unreachable', 'nothing listens there'))
  await set.settled()
  expect([open.length, figures()[0]?.state]).toEqual([1, 'failed'])
})

test('a named pod whose capture program somebody ended leaves nothing to wait for; a pattern may get other pods', async () => {
  const pod = makePodTarget()
  const named: FollowedName = { kind: 'pod', pod: 'web', namespace: 'shop' }
  const pattern: FollowedName = { kind: 'pods', pattern: 'web*', allNamespaces: false, namespace: 'shop' }
  for (const [name, expected] of [
    [named, 1],
    [pattern, 0],
  ] as const) {
    let nothingLeft = 0
    const onNothingLeft = () => {
      nothingLeft += 1
    }
    const { clock, set, open } = openSet({ onNothingLeft })
    set.expect(name)
    set.start([pod])
    set.follow(name, { pods: new Map([[pod.uid, pod]]), running: [pod], gone: [] })
    await clock.advance(0)
    open[0]?.run.markUp()
    open[0]?.end({ statistics, error: undefined })
    await set.settled()
    expect([name.kind, open.length, nothingLeft]).toEqual([name.kind, 1, expected])
  }
})

const killed = new KcapError(
  'capture-program-failed',
  'the capture program ended with exit code 137 and said nothing',
  { facts: { mayHaveEnded: true } },
)

test('a start that the end of its pod has killed is no failure: the pods that replace it are captured', async () => {
  const pattern: FollowedName = { kind: 'pods', pattern: 'web*', allNamespaces: false, namespace: 'shop' }
  const [old, next] = [makePodTarget(), makePodTarget({ pod: 'web-2', uid: 'uid-2', containerId: 'id-2' })]
  let nothingLeft = 0
  const { clock, set, open, figures, sessionStop } = openSet({
    onNothingLeft: () => {
      nothingLeft += 1
    },
  })
  set.expect(pattern)
  set.start([old])
  set.follow(pattern, { pods: new Map([[old.uid, old]]), running: [old], gone: [] })
  await clock.advance(0)
  open[0]?.refuse(killed)
  await clock.advance(1_000)
  set.follow(pattern, { pods: new Map(), running: [], gone: [old.uid] })
  await clock.advance(60_000)
  expect([figures()[0]?.state, nothingLeft]).toEqual(['ended', 0])
  set.follow(pattern, { pods: new Map([[next.uid, next]]), running: [next], gone: [] })
  await clock.advance(0)
  open[1]?.run.markUp()
  expect(figures().map(({ state }) => state)).toEqual(['ended', 'capturing'])
  sessionStop.abort()
  open[1]?.end({ statistics, error: undefined })
  await set.settled()
})

test('a capture program that fails in a pod that lives on is a failure', async () => {
  const pattern: FollowedName = { kind: 'pods', pattern: 'web*', allNamespaces: false, namespace: 'shop' }
  const pod = makePodTarget()
  const { clock, set, open, figures } = openSet()
  set.expect(pattern)
  set.start([pod])
  set.follow(pattern, { pods: new Map([[pod.uid, pod]]), running: [pod], gone: [] })
  await clock.advance(0)
  open[0]?.refuse(killed)
  await clock.advance(15_000)
  await set.settled()
  expect(figures()[0]).toMatchObject({ state: 'failed', error: killed })
})
