import { Interruption } from '../base/interruption.ts'

/** Watch for requests to end this process. */
export interface StopWatch {
  readonly signal: AbortSignal
  close(): void
}

const parentCheckMs = 1_000
const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Watches for SIGINT, SIGTERM, SIGHUP and the parent's end: a crashing Wireshark sends no signal. The first asks to stop. A second SIGINT, from an
 * impatient user, ends the process at once, and the remote side ends on its own.
 */
export function watchForStop(options: { followParent?: boolean } = {}): StopWatch {
  const controller = new AbortController()
  const stop = (name: (typeof names)[number]) => {
    const interruption = new Interruption(name)
    if (controller.signal.aborted && name === 'SIGINT') process.exit(interruption.exitCode)
    controller.abort(interruption)
  }
  for (const name of names) process.on(name, stop)
  const parent = process.ppid
  const timer = setInterval(() => {
    // The signal that a closed terminal would have sent.
    if (process.ppid !== parent) controller.abort(new Interruption('SIGHUP'))
  }, parentCheckMs)
  timer.unref()
  if (options.followParent === false) clearInterval(timer)
  return {
    signal: controller.signal,
    close() {
      clearInterval(timer)
      for (const name of names) process.removeListener(name, stop)
    },
  }
}
