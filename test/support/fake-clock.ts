import type { Clock } from '../../src/base/clock.ts'

export interface FakeClock extends Clock {
  /** Lets time pass: whoever sleeps until then wakes, in order. */
  advance(ms: number): Promise<void>
  /** Pauses that somebody is waiting for. */
  readonly sleepers: number
}

/** A clock that advances only when the test says so. */
export function makeFakeClock(): FakeClock {
  let nowMs = 0
  const sleeping = new Set<{ readonly untilMs: number; readonly wake: () => void }>()
  /** Lets everything run that waits for nothing but its turn. */
  const settle = async () => await new Promise<void>((resolve) => setImmediate(resolve))
  return {
    nowMs: () => nowMs,
    get sleepers() {
      return sleeping.size
    },
    async sleep(ms, signal) {
      if (signal.aborted) return
      await new Promise<void>((resolve) => {
        const wake = () => {
          sleeping.delete(sleeper)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { untilMs: nowMs + ms, wake }
        sleeping.add(sleeper)
        signal.addEventListener('abort', wake)
      })
    },
    async advance(ms) {
      const endMs = nowMs + ms
      await settle()
      for (;;) {
        const [next] = [...sleeping].sort((a, b) => a.untilMs - b.untilMs)
        if (next === undefined || next.untilMs > endMs) break
        nowMs = next.untilMs
        next.wake()
        await settle()
      }
      nowMs = endMs
      await settle()
    },
  }
}
