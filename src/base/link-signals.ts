import { setMaxListeners } from 'node:events'

/** Signal that aborts with the first of several signals, until it is unlinked. Those signals may outlive the job. */
export interface LinkedSignal {
  readonly signal: AbortSignal
  /** Unlinks the signal; call it when the job has ended. */
  unlink(): void
}

/**
 * Returns a signal that aborts with the first of the given ones. `AbortSignal.any` would leak: a result that was listened to stays attached to its
 * sources for as long as they live (https://github.com/nodejs/node/issues/64476). That was 5 kB for each pod that came and went.
 */
export function linkSignals(...signals: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController()
  const abort = (event: Event) => controller.abort((event.target as AbortSignal).reason)
  for (const signal of signals) {
    // Many jobs of one capture listen at a time; Node prints a warning on standard error beyond ten.
    setMaxListeners(0, signal)
    if (signal.aborted) controller.abort(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  }
  return {
    signal: controller.signal,
    unlink() {
      for (const signal of signals) signal.removeEventListener('abort', abort)
    },
  }
}
