import { type Clock, monotonicClock } from '../base/clock.ts'
import { maxSilenceMs, pingIntervalMs } from './protocol.ts'

/** Time after which a reader that takes nothing is dropped. */
const maxStallMs = 10 * 60_000

export interface WatchedReader {
  /** Whether something that was sent still waits for the reader to take it. */
  isBehind(): boolean
  /** Sends a ping; calls back when the kernel has it. */
  ping(onSent: () => void): void
  drop(): void
}

/**
 * Pings a reader and drops it when it leaves a ping unanswered. No ping goes out behind packets that a stalled reader does not take: it is slow, not
 * gone, and gets longer.
 */
export function watchReader(reader: WatchedReader, clock: Clock = monotonicClock) {
  const over = new AbortController()
  let heardMs = clock.nowMs()
  /** Time when the first unanswered ping was sent. */
  let askedMs: number | undefined
  const watch = async () => {
    for (;;) {
      await clock.sleep(pingIntervalMs, over.signal)
      if (over.signal.aborted) return
      const nowMs = clock.nowMs()
      const isGone = askedMs !== undefined && nowMs - askedMs >= maxSilenceMs
      if (isGone || nowMs - heardMs >= maxStallMs) return reader.drop()
      if (!reader.isBehind())
        reader.ping(() => {
          askedMs ??= clock.nowMs()
        })
    }
  }
  void watch()
  return {
    /** Notes that the reader answered. */
    heard() {
      heardMs = clock.nowMs()
      askedMs = undefined
    },
    /** Notes that the reader takes what is sent. */
    progressed() {
      heardMs = clock.nowMs()
    },
    stop: () => over.abort(),
  }
}
