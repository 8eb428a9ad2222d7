import { type Clock, monotonicClock } from './clock.ts'

export interface SilenceOptions {
  readonly limitMs: number
  /** Between two checks; default 1 s. */
  readonly checkMs?: number
  /** Asked at each check: whether silence is none, because something else was heard, or nothing is read now. */
  readonly isExcused?: () => boolean
  /** Called once when nothing was heard for `limitMs`. */
  readonly onSilent: () => void
  readonly clock?: Clock
}

export interface SilenceWatch {
  heard(): void
  stop(): void
}

/**
 * Watches a peer that is to say something from time to time. Time that this process did not run for, because it or the machine was stopped, counts as
 * two checks at most: what came meanwhile has not been read yet.
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
      // Whole checks: a timer that fires a millisecond late must not count as more silence than the limit.
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
