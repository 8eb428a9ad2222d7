import type { Clock } from '../base/clock.ts'

const firstPauseMs = 1_000
const longestPauseMs = 15_000
/** A capture that was up for this long starts again with the shortest pause: one that dies at once does not. */
const settledMs = 5_000

/** How long and how often a capture that broke off is tried again. */
export interface RetryBudget {
  /** The capture is up: whatever was lost before is made good, also when no packet comes. */
  markUp(): void
  /** It broke off, or could not begin: returns the pause before the next try; undefined: the patience is over. */
  fail(): number | undefined
}

/**
 * `patienceMs` is the time that an outage may last, from its first failure; 0: no try at all. A pause is spread over its second half, so that many
 * captures don't come back together.
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
