import type { IncomingMessage } from 'node:http'

/** Maximum number of times that a request is sent. */
export const mostTries = 5
const mostTriesAfterReset = 3
const firstPauseMs = 500
/** Longest Retry-After that kcap waits for; an API server under stress says 1 s. */
const longestRetryAfterMs = 10_000
/** Statuses from load balancers while the API server behind them is away. */
const gatewayStatuses = [502, 504]

/**
 * Returns the pause before a request is sent again; undefined when its answer is final. With Retry-After the API server has not begun with the
 * request, as client-go assumes (k8s.io/client-go/rest/with_retry.go). Without it, only a repeatable request is sent again.
 */
export function findRetryPause(
  { statusCode = 0, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  isRepeatable: boolean,
  tries: number,
): number | undefined {
  if (tries >= mostTries) return undefined
  const seconds = /^\d{1,6}$/.test(headers['retry-after'] ?? '') ? Number(headers['retry-after']) : undefined
  if (seconds !== undefined && (statusCode === 429 || (statusCode >= 500 && statusCode <= 599))) {
    const afterMs = Math.max(seconds * 1_000, firstPauseMs)
    return afterMs <= longestRetryAfterMs ? afterMs : undefined
  }
  return isRepeatable && gatewayStatuses.includes(statusCode) ? pauseOf(tries) : undefined
}

/** Returns the pause after a connection that ended before an answer, as a kept-alive connection often does; undefined for no retry. */
export function findResetPause(error: unknown, isRepeatable: boolean, tries: number): number | undefined {
  if (!isRepeatable || tries >= mostTriesAfterReset || !isReset(error)) return undefined
  return tries === 1 ? 0 : firstPauseMs
}

function isReset(error: unknown): boolean {
  const codes = [error, (error as { cause?: unknown }).cause].map(
    (one) => (one as { code?: unknown } | undefined)?.code,
  )
  return codes.some((code) => code === 'ECONNRESET' || code === 'EPIPE')
}

function pauseOf(tries: number): number {
  return firstPauseMs * 2 ** (tries - 1)
}
