import { type ErrorCode, exitCodeOf } from './error-codes.ts'
import { formatHint, type Hint, type HintScope, withContext } from './hint.ts'

/** A right that a login lacks, in the words of RBAC. */
export interface Denial {
  /** Whom the API server takes the login for; undefined where it does not say. */
  readonly user: string | undefined
  readonly verb: string
  /** `pods`, `pods/exec`. */
  readonly resource: string
}

/** What callers decide by; the message is for people only. */
export interface ErrorFacts {
  readonly denied?: Denial | undefined
  /** Of an API server's answer. */
  readonly httpStatus?: number
  /** Pod Security level that refused an object: `baseline`. */
  readonly podSecurityLevel?: string
  /** What kcap's SSH client and the host have none of in common: `host key format`. */
  readonly algorithm?: string
  /** The capture program does not know one of its options. */
  readonly hasUnknownOption?: boolean
  /** The login shell finds no "sh". */
  readonly lacksShell?: boolean
}

/**
 * The one error kcap shows to people. `message` reads `cannot <do> "<what>": <state>`; each hint is a line that can be pasted
 * or a sentence. Errors of libraries are translated into it once, at the border of `kube/`, `ssh/` and `output/`.
 */
export class KcapError extends Error {
  readonly code: ErrorCode
  readonly remedies: readonly Hint[]
  readonly facts: ErrorFacts

  constructor(
    code: ErrorCode,
    message: string,
    options: { hints?: readonly Hint[]; cause?: unknown; facts?: ErrorFacts } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KcapError'
    this.code = code
    this.remedies = options.hints ?? []
    this.facts = options.facts ?? {}
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
  return new KcapError('internal', `unexpected error: ${text}`, {
    hints: ['this is a fault in kcap; run again with --verbose and report what it prints'],
    cause: error,
  })
}

/** Returns the error with hints for a context that the command line does not name; undefined: it needs none. */
export function inContext(error: unknown, context: string | undefined): unknown {
  if (!(error instanceof KcapError) || context === undefined) return error
  const { code, message, remedies, cause, facts } = error
  return new KcapError(code, message, { hints: remedies.map((hint) => withContext(hint, context)), cause, facts })
}
