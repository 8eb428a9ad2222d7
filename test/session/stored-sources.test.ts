import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { RecorderName, TargetName } from '../../src/base/target.ts'
import type { CaptureRun } from '../../src/session/keep-capturing.ts'
import type { SourceProgress } from '../../src/session/session-progress.ts'
import { isStored, makeStoredSources } from '../../src/session/stored-sources.ts'
import { failureOf } from '../support/failure.ts'
import { makeRun } from '../support/packets.ts'

const recorder: RecorderName = {
  kind: 'stream',
  protocol: 'recorder',
  record: 'orders-7f3a',
  namespace: 'shop',
  pod: 'kcap-orders-7f3a-1',
  state: 'recording',
  node: 'node-1',
}
const target = { kind: 'stream', name: recorder } as const
const figures = {} as SourceProgress
const run: CaptureRun = { comment: undefined, signal: new AbortController().signal, markUp: () => {} }
const statistics = { captured: undefined, received: undefined, dropped: undefined }

test('only captures of recorded parts alone are stored', () => {
  const part: TargetName = { ...recorder, part: {} }
  expect(isStored([part, part])).toBe(true)
  expect(isStored([part, recorder])).toBe(false)
  expect(isStored([part, { kind: 'local' }])).toBe(false)
})

test('packets wait until each recording has begun or failed', async () => {
  const stored = makeStoredSources()
  let isReleased = false
  let end = () => {}
  const good = stored.watch(async (_target, _figures, { markUp }) => {
    markUp()
    await new Promise<void>((resolve) => {
      end = resolve
    })
    return { statistics, error: undefined }
  })
  const absent = stored.watch(async () => {
    throw new KcapError(
      'stream-unreachable',
      'cannot read "record/orders-7f3a@node-2": no recorder runs there: Evicted',
    )
  })
  stored.expect(2, () => {
    isReleased = true
  })
  const reading = good(target, figures, run)
  expect(isReleased).toBe(false)
  expect(await failureOf(absent(target, figures, run))).toMatchObject({ code: 'stream-unreachable' })
  expect(isReleased).toBe(true)
  end()
  await reading
})

test('the next packet has a comment about a recording that is absent or broke off, once', async () => {
  const stored = makeStoredSources()
  const broken = stored.watch(async () => ({
    statistics,
    error: new KcapError('connection-lost', 'cannot read "record/orders-7f3a@node-2": the connection is lost'),
  }))
  await broken(target, figures, run)
  const [first, second] = stored.noteAbsences([makeRun(1), makeRun(1)])
  expect(first?.comment).toBe(
    'from here on, packets are missing: cannot read "record/orders-7f3a@node-2": the connection is lost',
  )
  expect(second?.comment).toBe(undefined)
  expect(stored.noteAbsences([makeRun(1)])[0]?.comment).toBe(undefined)
})
