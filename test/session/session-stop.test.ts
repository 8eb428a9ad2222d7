import { afterEach, expect, test, vi } from 'vitest'
import { makeSessionStop, type StopReason } from '../../src/session/session-stop.ts'

afterEach(() => void vi.useRealTimers())

function open(signal = new AbortController().signal) {
  const aborted: StopReason[] = []
  return { sessionStop: makeSessionStop(signal, (reason) => aborted.push(reason)), aborted }
}

test('the first reason ends the capture, and later ones change nothing', () => {
  const { sessionStop, aborted } = open()
  sessionStop.end('count')
  sessionStop.end('size')
  expect([sessionStop.reason(), aborted]).toEqual(['count', ['count']])
})

test('an aborted signal ends the capture as stopped, whenever it was aborted', () => {
  const stop = new AbortController()
  const { sessionStop } = open(stop.signal)
  expect(sessionStop.reason()).toBeUndefined()
  stop.abort()
  expect(sessionStop.reason()).toBe('stopped')
  expect(open(stop.signal).sessionStop.reason()).toBe('stopped')
})

test('whoever registers for the end is called when it comes, or at once after it, unless cancelled', () => {
  const { sessionStop } = open()
  const calls: string[] = []
  sessionStop.onEnd(() => calls.push('early'))
  sessionStop.onEnd(() => calls.push('cancelled'))()
  sessionStop.end('size')
  sessionStop.onEnd(() => calls.push('late'))
  expect(calls).toEqual(['early', 'late'])
})

test('the duration counts from the first start of the clock', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { sessionStop } = open()
  sessionStop.startClock(1_000)
  vi.advanceTimersByTime(900)
  sessionStop.startClock(1_000)
  expect(sessionStop.reason()).toBeUndefined()
  vi.advanceTimersByTime(100)
  expect(sessionStop.reason()).toBe('duration')
})

test('a closed sessionStop ignores its clock and its signal', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const stop = new AbortController()
  const { sessionStop } = open(stop.signal)
  sessionStop.startClock(1_000)
  sessionStop.close()
  vi.advanceTimersByTime(2_000)
  stop.abort()
  expect(sessionStop.reason()).toBeUndefined()
})
