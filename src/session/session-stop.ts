/** Reason why a capture ended; the first reason counts. */
export type StopReason =
  | 'stopped'
  | 'duration'
  | 'count'
  | 'size'
  | 'reader gone'
  | 'output failed'
  | 'remote side ended'

export interface SessionStop {
  /** Ends the capture for this reason, unless it is ending already. */
  end(reason: StopReason): void
  reason(): StopReason | undefined
  /** Calls `stop` when the capture ends, or at once when it already has; returns a function that cancels the call. */
  onEnd(stop: () => void): () => void
  /** Starts the clock of the duration limit, once. The time to connect is not part of the capture. */
  startClock(durationMs: number | undefined): void
  close(): void
}

/** Turns everything that can end a capture into one stop reason. `abortOpening` aborts whatever has not begun to capture. */
export function makeSessionStop(signal: AbortSignal, abortOpening: (reason: StopReason) => void): SessionStop {
  let reason: StopReason | undefined
  let clock: NodeJS.Timeout | undefined
  const stops = new Set<() => void>()
  const end = (why: StopReason) => {
    if (reason !== undefined) return
    reason = why
    clearTimeout(clock)
    abortOpening(why)
    for (const stop of stops) stop()
  }
  const onAbort = () => end('stopped')
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  return {
    end,
    reason: () => reason,
    onEnd(stop) {
      if (reason !== undefined) stop()
      stops.add(stop)
      return () => stops.delete(stop)
    },
    startClock(durationMs) {
      if (durationMs !== undefined && reason === undefined) clock ??= setTimeout(() => end('duration'), durationMs)
    },
    close() {
      clearTimeout(clock)
      signal.removeEventListener('abort', onAbort)
    },
  }
}
