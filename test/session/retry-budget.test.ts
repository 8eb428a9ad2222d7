import { expect, test } from 'vitest'
import { makeRetryBudget } from '../../src/session/retry-budget.ts'
import { makeFakeClock } from '../support/fake-clock.ts'

const longestPause = () => 1

test('a quiet capture that resumes after each cut uses up no patience', async () => {
  const clock = makeFakeClock()
  const budget = makeRetryBudget(6_000, clock, longestPause)
  for (let cut = 0; cut < 10; cut++) {
    budget.markUp()
    await clock.advance(8_000)
    expect(budget.fail()).toBeDefined()
    await clock.advance(1_000)
  }
})

test('an outage is over when its patience is, counted from its first failure', async () => {
  const clock = makeFakeClock()
  const budget = makeRetryBudget(10_000, clock, longestPause)
  budget.markUp()
  await clock.advance(3_600_000)
  const pauses: (number | undefined)[] = []
  for (let pause: number | undefined = 0; pause !== undefined; pauses.push(pause)) {
    await clock.advance(pause)
    pause = budget.fail()
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, undefined])
})

test('a capture that comes up and dies at once is tried ever less often', async () => {
  const clock = makeFakeClock()
  const budget = makeRetryBudget(Number.POSITIVE_INFINITY, clock, longestPause)
  let starts = 0
  while (clock.nowMs() < 40_000) {
    starts += 1
    budget.markUp()
    await clock.advance(100)
    await clock.advance(budget.fail() ?? Number.NaN)
  }
  expect(starts).toBe(6)
  budget.markUp()
  await clock.advance(10_000)
  expect(budget.fail()).toBe(1_000)
})

test('without patience nothing is tried again, and pauses are spread', () => {
  const clock = makeFakeClock()
  expect(makeRetryBudget(0, clock).fail()).toBe(undefined)
  expect(makeRetryBudget(1, clock, () => 0).fail()).toBe(500)
  expect(makeRetryBudget(1, clock, () => 1).fail()).toBe(1_000)
})
