import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import { makeProgress } from '../../src/session/session-progress.ts'
import { makeFakeClock } from '../support/fake-clock.ts'
import { makeRun } from '../support/packets.ts'

const gone = new KcapError('pod-not-found', 'cannot capture "web": the pod is gone', { hints: ['kcap list'] })
const lost = new KcapError('connection-lost', 'cannot capture "web": the connection is lost', { hints: ['kcap list'] })
const counts = (captured: number, dropped: number | undefined) => ({
  statistics: { captured, received: captured, dropped },
  error: undefined,
})
const output = { name: 'x.pcapng', files: [], packets: 0, bytes: 0, readers: [] }

test('a source that joins late has the time of its arrival, and ages from its first packet on', async () => {
  const clock = makeFakeClock()
  const progress = makeProgress('x', clock)
  const early = progress.addSource('shop/web', false)
  await clock.advance(500)
  const late = progress.addSource('shop/db', true)
  expect([early.figures.joinedMs, late.figures.joinedMs]).toEqual([0, 500])
  late.begin()
  await clock.advance(200)
  expect([early.ageMs(), late.ageMs(), progress.elapsedMs()]).toEqual([0, 200, 700])
})

test('a source that begins again has a gap, and no error any more', () => {
  const source = makeProgress('x').addSource('shop/web', false)
  source.begin()
  expect(source.figures).toMatchObject({ state: 'capturing', gaps: 0 })
  source.fail(lost)
  source.begin()
  expect(source.figures).toMatchObject({ state: 'capturing', gaps: 1, error: undefined })
})

test('the counts of resumed captures are added, and unknown when one of them is', () => {
  const source = makeProgress('x').addSource('shop/web', false)
  source.finish(counts(5, 1))
  source.finish(counts(7, undefined))
  expect(source.figures).toMatchObject({ captured: 12, received: 12, dropped: undefined })
})

test('the counts of the remote host are in the statistics of the first interface of a source alone', () => {
  const progress = makeProgress('x')
  const [web, db] = [progress.addSource('shop/web', false), progress.addSource('shop/db', false)]
  web.add(makeRun(3))
  web.finish(counts(3, 2))
  db.finish(counts(1, 0))
  const rows = progress.statistics([web, db, web], [2, 1, 1])
  expect(rows.map(({ interfaceId, delivered, dropped }) => [interfaceId, delivered, dropped])).toEqual([
    [0, 2, 2],
    [1, 1, 0],
    [2, 1, undefined],
  ])
})

test('a pod that was gone before its capture is an error of the capture when nothing else was captured', () => {
  const progress = makeProgress('x')
  progress.addSource('shop/web', false).cancel(gone)
  expect(progress.summarize('stopped', output).error).toBe(gone)
  progress.addSource('shop/db', false).begin()
  expect(progress.summarize('stopped', output).error).toBeUndefined()
  progress.addSource('shop/api', false).fail(lost)
  expect(progress.summarize('stopped', output).error).toBe(lost)
})
