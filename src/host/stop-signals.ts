import { Interruption } from '../base/interruption.ts'

/** Ways in which this process is asked to end. */
export interface StopWatch {
  readonly signal: AbortSignal
  close(): void
}

const parentCheckMs = 1_000
const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * SIGINT, SIGTERM, SIGHUP, and a parent that is gone: Wireshark that crashes tells nobody. The first asks to stop; a second one of
 * a person who lost patience ends the process at once, and the remote side ends by itself.
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
    // What a closed terminal would have said.
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
