import type { Duplex } from 'node:stream'

export interface SilenceLimits {
  readonly keepaliveIntervalMs: number
  /** So many intervals without a byte from the far side are the end. */
  readonly keepaliveCountMax: number
}

/**
 * Calls `onSilent` once when nothing at all came in for that long. ssh2's own count knows answers to its pings only, and on a slow
 * link those wait behind a window full of packets: a busy connection would be taken for a dead one. A machine that slept is told by its
 * clock: what it was connected to has not waited. Returns a function that stops.
 */
export function watchSilence(socket: Duplex, limits: SilenceLimits, onSilent: () => void): () => void {
  const limitMs = limits.keepaliveIntervalMs * (limits.keepaliveCountMax + 1)
  let silentIntervals = 0
  let checkedMs = Date.now()
  const onData = () => {
    silentIntervals = 0
  }
  const timer = setInterval(() => {
    silentIntervals += 1
    const hasSlept = Date.now() - checkedMs > limitMs
    checkedMs = Date.now()
    if (silentIntervals <= limits.keepaliveCountMax && !hasSlept) return
    stop()
    onSilent()
  }, limits.keepaliveIntervalMs)
  const stop = () => {
    clearInterval(timer)
    socket.off('data', onData)
  }
  socket.on('data', onData)
  return stop
}
