import { expect, test } from 'vitest'
import { makeCaptureBudget } from '../../src/session/capture-budget.ts'
import { makeRun } from '../support/packets.ts'

const countOf = (runs: readonly { from: number; to: number }[]) => runs.map(({ from, to }) => to - from)

test('a budget without limits returns the runs as they are', () => {
  const runs = [makeRun(3)]
  const budget = makeCaptureBudget({}, 16, () => 0)
  expect(budget.take(runs)).toBe(runs)
  expect(budget.spent).toBeUndefined()
})

test('a count limit cuts the run that exceeds it, and leaves out the runs after it', () => {
  const budget = makeCaptureBudget({ packetCount: 5 }, 16, () => 0)
  expect(countOf(budget.take([makeRun(3), makeRun(3), makeRun(3)]))).toEqual([3, 2])
  expect(budget.spent).toBe('count')
  expect(budget.take([makeRun(1)])).toEqual([])
})

test('a size limit counts the header, and the overhead of each packet', () => {
  const budget = makeCaptureBudget({ outputBytes: 24 + 2 * (16 + 100) }, 16, () => 24)
  expect(countOf(budget.take([makeRun(2, { length: 100 })]))).toEqual([2])
  expect(budget.spent).toBeUndefined()
  expect(budget.take([makeRun(1, { length: 1 })])).toEqual([])
  expect(budget.spent).toBe('size')
})

test('a size limit counts the bytes of comments', () => {
  const budget = makeCaptureBudget({ outputBytes: 2 * 100 }, 0, () => 0)
  const run = { ...makeRun(2, { length: 100 }), comment: 'x' }
  expect(countOf(budget.take([run]))).toEqual([1])
})
