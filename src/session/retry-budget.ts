import type { Clock } from '../base/clock.ts'

const firstPauseMs = 1_000
const longestPauseMs = 15_000
/** Time after which a running capture counts as settled: its next retry begins with the shortest pause. */
const settledMs = 5_000

/** Limit on how long and how often a capture that broke off is tried again. */
export interface RetryBudget {
  /** Notes that the capture is up: the outage is over, even if no packet arrives. */
  markUp(): void
  /** Notes that the capture broke off or could not begin. Returns the pause before the next try; undefined when no time is left for one. */
  fail(): number | undefined
}

/**
 * Makes a budget. `patienceMs` is the longest outage, counted from its first failure; 0: no retry at all. Each pause ends at a random time in its
 * second half, so that many captures don't come back together.
 */
export function makeRetryBudget(patienceMs: number, clock: Clock, random: () => number = Math.random): RetryBudget {
  let upMs: number | undefined
  let outageMs: number | undefined
  let pauseMs = firstPauseMs
  return {
    markUp() {
      upMs = clock.nowMs()
      outageMs = undefined
    },
    fail() {
      const nowMs = clock.nowMs()
      if (upMs !== undefined && nowMs - upMs >= settledMs) pauseMs = firstPauseMs
      upMs = undefined
      outageMs ??= nowMs
      if (nowMs - outageMs >= patienceMs) return undefined
      const pause = pauseMs * (0.5 + random() / 2)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      return pause
    },
  }
}
