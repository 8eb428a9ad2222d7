import { expect, test } from 'vitest'
import { watchReader } from '../../src/share/watch-reader.ts'
import { makeFakeClock } from '../support/fake-clock.ts'

function start(answers: () => boolean, isBehind = () => false) {
  const clock = makeFakeClock()
  const state = { pings: 0, droppedMs: undefined as number | undefined }
  const watch = watchReader(
    {
      isBehind,
      ping(onSent) {
        state.pings += 1
        onSent()
        if (answers()) watch.heard()
      },
      drop() {
        state.droppedMs = clock.nowMs()
      },
    },
    clock,
  )
  return { clock, state, watch }
}

test('a reader that answers stays, with a ping every 15 s', async () => {
  const { clock, state, watch } = start(() => true)
  await clock.advance(60 * 60_000)
  expect(state).toEqual({ pings: 240, droppedMs: undefined })
  watch.stop()
  await clock.advance(60_000)
  expect(state.pings).toBe(240)
})

test('a reader that answers no ping is dropped 45 s after the first one', async () => {
  let isThere = true
  const { clock, state } = start(() => isThere)
  await clock.advance(30_000)
  isThere = false
  await clock.advance(120_000)
  expect(state.droppedMs).toBe(30_000 + 15_000 + 45_000)
})

test('a reader that takes nothing is pinged only afterwards, and dropped after ten minutes', async () => {
  let isStalled = true
  const { clock, state } = start(
    () => true,
    () => isStalled,
  )
  await clock.advance(9 * 60_000)
  expect(state).toEqual({ pings: 0, droppedMs: undefined })
  isStalled = false
  await clock.advance(15_000)
  expect(state.pings).toBe(1)
  isStalled = true
  await clock.advance(20 * 60_000)
  expect(state.droppedMs).toBe(9 * 60_000 + 15_000 + 10 * 60_000)
})

test('a reader that takes data all the time stays, though it is always behind', async () => {
  const { clock, state, watch } = start(
    () => false,
    () => true,
  )
  for (let i = 0; i < 60; i++) {
    watch.progressed()
    await clock.advance(60_000)
  }
  expect(state).toEqual({ pings: 0, droppedMs: undefined })
})
