import { afterEach, expect, test, vi } from 'vitest'
import { type EndReason, makeEnding } from '../../src/session/ending.ts'

afterEach(() => void vi.useRealTimers())

function open(signal = new AbortController().signal) {
  const aborted: EndReason[] = []
  return { ending: makeEnding(signal, (reason) => aborted.push(reason)), aborted }
}

test('the first reason ends the capture, and later ones change nothing', () => {
  const { ending, aborted } = open()
  ending.end('count')
  ending.end('size')
  expect([ending.reason(), aborted]).toEqual(['count', ['count']])
})

test('an aborted signal ends the capture as stopped, whenever it was aborted', () => {
  const stop = new AbortController()
  const { ending } = open(stop.signal)
  expect(ending.reason()).toBeUndefined()
  stop.abort()
  expect(ending.reason()).toBe('stopped')
  expect(open(stop.signal).ending.reason()).toBe('stopped')
})

test('whoever registers for the end is called when it comes, or at once after it, unless cancelled', () => {
  const { ending } = open()
  const calls: string[] = []
  ending.onEnd(() => calls.push('early'))
  ending.onEnd(() => calls.push('cancelled'))()
  ending.end('size')
  ending.onEnd(() => calls.push('late'))
  expect(calls).toEqual(['early', 'late'])
})

test('the duration counts from the first start of the clock', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { ending } = open()
  ending.startClock(1_000)
  vi.advanceTimersByTime(900)
  ending.startClock(1_000)
  expect(ending.reason()).toBeUndefined()
  vi.advanceTimersByTime(100)
  expect(ending.reason()).toBe('duration')
})

test('a closed ending ignores its clock and its signal', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const stop = new AbortController()
  const { ending } = open(stop.signal)
  ending.startClock(1_000)
  ending.close()
  vi.advanceTimersByTime(2_000)
  stop.abort()
  expect(ending.reason()).toBeUndefined()
})
