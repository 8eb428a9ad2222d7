import { setMaxListeners } from 'node:events'

/** Aborted with the first of several signals that may outlive a job, until it is unlinked from them. */
export interface LinkedSignal {
  readonly signal: AbortSignal
  /** To be called when the job has ended. */
  unlink(): void
}

/**
 * Not `AbortSignal.any`: whatever it gives and somebody has listened to stays with each of the signals as long as that lives
 * (https://github.com/nodejs/node/issues/64476), which was 5 kB for each pod that came and went.
 */
export function linkSignals(...signals: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController()
  const abort = (event: Event) => controller.abort((event.target as AbortSignal).reason)
  for (const signal of signals) {
    // Many jobs of one capture listen at a time; Node would warn of more than ten on standard error.
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
