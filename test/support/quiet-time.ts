import { setTimeout as sleep } from 'node:timers/promises'

/** Long enough that what must not happen would show, and short enough to wait for in many tests. */
const quietMs = 300

/** Lets a while pass in which nothing may happen. What must happen is waited for with `expect.poll`. */
export async function passQuietTime(): Promise<void> {
  await sleep(quietMs)
}
