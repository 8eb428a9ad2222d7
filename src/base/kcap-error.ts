import { type ErrorCode, exitCodeOf } from './error-codes.ts'

/**
 * The one error kcap shows to people. `message` reads `cannot <do> "<what>": <state>`; each hint is a line that can be pasted
 * or followed. Errors of libraries are translated into it once, at the border of `kube/`, `ssh/` and `output/`.
 */
export class KcapError extends Error {
  readonly code: ErrorCode
  readonly hints: readonly string[]

  constructor(code: ErrorCode, message: string, options: { hints?: readonly string[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KcapError'
    this.code = code
    this.hints = options.hints ?? []
  }

  get exitCode(): number {
    return exitCodeOf[this.code]
  }
}

/** Any thrown value as a KcapError; what is not one already is a fault of kcap itself and says so. */
export function toKcapError(error: unknown): KcapError {
  if (error instanceof KcapError) return error
  const text = error instanceof Error ? error.message : String(error)
  return new KcapError('internal', `cannot go on: ${text}`, {
    hints: ['this is a fault in kcap; run again with --verbose and report what it prints'],
    cause: error,
  })
}
