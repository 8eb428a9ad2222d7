import { expect, test } from 'vitest'
import { watchSilence } from '../../src/base/watch-silence.ts'
import { makeFakeClock } from '../support/fake-clock.ts'

function open(isExcused?: () => boolean) {
  const clock = makeFakeClock()
  let silences = 0
  const onSilent = () => {
    silences += 1
  }
  const watch = watchSilence({ limitMs: 15_000, onSilent, clock, ...(isExcused && { isExcused }) })
  return { clock, watch, silences: () => silences }
}

test('a peer that sends nothing for longer than the limit counts as silent, once', async () => {
  const { clock, silences } = open()
  await clock.advance(15_000)
  expect(silences()).toBe(0)
  await clock.advance(1_000)
  expect(silences()).toBe(1)
  await clock.advance(60_000)
  expect([silences(), clock.sleepers]).toEqual([1, 0])
})

test('a peer that sends something now and then, or is excused, never counts as silent', async () => {
  const { clock, watch, silences } = open()
  for (let i = 0; i < 10; i++) {
    await clock.advance(14_000)
    watch.heard()
  }
  expect(silences()).toBe(0)
  watch.stop()
  await clock.advance(60_000)
  expect([silences(), clock.sleepers]).toEqual([0, 0])
  const excused = open(() => true)
  await excused.clock.advance(60_000)
  expect(excused.silences()).toBe(0)
})

test('late timers do not report silence before its time', async () => {
  let silences = 0
  let nowMs = 0
  let checks = 0
  const sleep = async (ms: number) => {
    nowMs += ms + 3
    checks += 1
  }
  watchSilence({
    limitMs: 15_000,
    checkMs: 5_000,
    onSilent: () => void silences++,
    clock: { nowMs: () => nowMs, sleep },
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect([silences, checks]).toEqual([1, 4])
})

test('an hour of suspended process is no silence of the peer', async () => {
  const { watch, silences } = open()
  let nowMs = 0
  let wakes: (() => void)[] = []
  const stopped = watchSilence({
    limitMs: 15_000,
    onSilent: () => expect.fail('it was taken for silent'),
    clock: { nowMs: () => nowMs, sleep: async () => await new Promise<void>((resolve) => wakes.push(resolve)) },
  })
  for (const stepMs of [1_000, 3_600_000, 1_000, 1_000]) {
    nowMs += stepMs
    const waking = wakes
    wakes = []
    for (const wake of waking) wake()
    await new Promise((resolve) => setImmediate(resolve))
  }
  stopped.stop()
  watch.stop()
  expect(silences()).toBe(0)
})
