/** Why a capture ended; the first reason counts. */
export type EndReason =
  | 'stopped'
  | 'duration'
  | 'count'
  | 'size'
  | 'reader gone'
  | 'output failed'
  | 'remote side ended'

export interface Ending {
  /** Ends the capture for this reason, unless it is ending already. */
  end(reason: EndReason): void
  reason(): EndReason | undefined
  /** Calls `stop` at the end, or at once when it has come; returns a function that takes it back. */
  onEnd(stop: () => void): () => void
  /** Starts the duration limit, once: the time a connection takes is not part of the capture. */
  startClock(durationMs: number | undefined): void
  close(): void
}

/** Every way in which a capture can be asked to end, as one reason. `abortOpening` ends what has not begun to capture. */
export function makeEnding(signal: AbortSignal, abortOpening: (reason: EndReason) => void): Ending {
  let reason: EndReason | undefined
  let clock: NodeJS.Timeout | undefined
  const stops = new Set<() => void>()
  const end = (why: EndReason) => {
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
