import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchSilence } from '../../src/ssh/watch-silence.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const limits = { keepaliveIntervalMs: 5_000, keepaliveCountMax: 3 }

function watch() {
  const socket = new PassThrough()
  const onSilent = vi.fn()
  const stop = watchSilence(socket, limits, onSilent)
  return { socket, onSilent, stop }
}

test('silence is told once, after 15 to 20 s', async () => {
  const { onSilent } = watch()
  await vi.advanceTimersByTimeAsync(15_000)
  expect(onSilent).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onSilent).toHaveBeenCalledTimes(1)
})

test('anything that comes is no silence', async () => {
  const { socket, onSilent, stop } = watch()
  for (let i = 0; i < 10; i++) {
    socket.write('x')
    await vi.advanceTimersByTimeAsync(10_000)
  }
  expect(onSilent).not.toHaveBeenCalled()
  stop()
})

test('after a sleep of the machine nothing is waited for', async () => {
  const { socket, onSilent } = watch()
  socket.write('x')
  await vi.advanceTimersByTimeAsync(5_000)
  vi.setSystemTime(Date.now() + 3_600_000)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(onSilent).toHaveBeenCalledTimes(1)
})
