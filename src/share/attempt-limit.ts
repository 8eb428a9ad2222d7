import type { Clock } from '../base/clock.ts'

const maxFailures = 5
const windowMs = 60_000
/** Maximum number of addresses that are remembered; the oldest are forgotten first. */
const maxAddresses = 10_000

/** Limits how often an address may fail to log in: five times a minute. */
export interface AttemptLimit {
  isBlocked(address: string): boolean
  fail(address: string): void
}

export function makeAttemptLimit(clock: Pick<Clock, 'nowMs'>): AttemptLimit {
  const failures = new Map<string, readonly number[]>()
  const recent = (address: string) =>
    (failures.get(address) ?? []).filter((failedMs) => clock.nowMs() - failedMs < windowMs)
  return {
    isBlocked: (address) => recent(address).length >= maxFailures,
    fail(address) {
      const times = [...recent(address), clock.nowMs()].slice(-maxFailures)
      // Put at the end, so that the first entry is the oldest.
      failures.delete(address)
      failures.set(address, times)
      const [oldest] = failures.keys()
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest)
    },
  }
}
