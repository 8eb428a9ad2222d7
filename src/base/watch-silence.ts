import { type Clock, monotonicClock } from './clock.ts'

export interface SilenceOptions {
  readonly limitMs: number
  /** Interval between checks; default 1 s. */
  readonly checkMs?: number
  /** Returns whether to ignore the silence, asked at each check: something else was heard, or nothing is being read at the moment. */
  readonly isExcused?: () => boolean
  /** Called once when nothing has been heard for `limitMs`. */
  readonly onSilent: () => void
  readonly clock?: Clock
}

export interface SilenceWatch {
  heard(): void
  stop(): void
}

/**
 * Watches a peer that should speak from time to time. Time during which this process did not run, because it or the machine was suspended, counts as
 * two checks at most. What arrived meanwhile has not been read yet.
 */
export function watchSilence(options: SilenceOptions): SilenceWatch {
  const { limitMs, checkMs = 1_000, isExcused = () => false, onSilent, clock = monotonicClock } = options
  const over = new AbortController()
  let silentMs = 0
  const watch = async () => {
    while (silentMs <= limitMs) {
      const beganMs = clock.nowMs()
      await clock.sleep(checkMs, over.signal)
      if (over.signal.aborted) return
      // Count whole checks: a timer that fires a millisecond late must not exceed the limit.
      const checks = Math.min(2, Math.max(1, Math.round((clock.nowMs() - beganMs) / checkMs)))
      silentMs = isExcused() ? 0 : silentMs + checks * checkMs
    }
    onSilent()
  }
  void watch()
  return {
    heard() {
      silentMs = 0
    },
    stop: () => over.abort(),
  }
}
