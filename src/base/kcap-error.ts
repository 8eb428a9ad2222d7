import { type ErrorCode, exitCodeOf } from './error-codes.ts'
import { formatHint, type Hint, type HintScope } from './hint.ts'

/**
 * The one error kcap shows to people. `message` reads `cannot <do> "<what>": <state>`; each hint is a line that can be pasted
 * or a sentence. Errors of libraries are translated into it once, at the border of `kube/`, `ssh/` and `output/`.
 */
export class KcapError extends Error {
  readonly code: ErrorCode
  readonly remedies: readonly Hint[]

  constructor(code: ErrorCode, message: string, options: { hints?: readonly Hint[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KcapError'
    this.code = code
    this.remedies = options.hints ?? []
  }

  /** The remedies as the shell's user reads them. */
  get hints(): readonly string[] {
    return this.formatHints()
  }

  /** The same, with `scope` naming the cluster for lines that would otherwise ask another one: `--context NAME`. */
  formatHints(scope: HintScope = {}): readonly string[] {
    return this.remedies.map((hint) => formatHint(hint, scope)).filter((text) => text !== undefined)
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
