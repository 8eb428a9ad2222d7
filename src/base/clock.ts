/** Time as a capture measures it. Wall time, which can step, is for file names, comments and the clocks of others only. */
export interface Clock {
  /** Milliseconds since some moment; never steps, and does not run while the machine sleeps. */
  nowMs(): number
  /** Settles after `ms`, or when the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const monotonicClock: Clock = {
  nowMs: () => performance.now(),
  async sleep(ms, signal) {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal.addEventListener('abort', end)
    })
  },
}
