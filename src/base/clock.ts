/** Time as a capture measures it. Wall time can step, so it is for file names, comments and comparisons with other clocks only. */
export interface Clock {
  /** Milliseconds since an arbitrary moment. It never steps and does not advance while the machine sleeps. */
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
