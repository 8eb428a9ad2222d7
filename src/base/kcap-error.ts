import { type ErrorCode, exitCodeOf } from './error-codes.ts'
import { formatHint, type Hint, type HintScope, withContext } from './hint.ts'
import { hideShareTokens } from './share-link.ts'

/** Permission that a login lacks, in RBAC terms. */
export interface Denial {
  /** User the API server sees; undefined if the answer does not say. */
  readonly user: string | undefined
  readonly verb: string
  /** Resource, with its subresource: `pods`, `pods/exec`. */
  readonly resource: string
}

/** Facts that callers branch on. The message is for people only. */
export interface ErrorFacts {
  readonly denied?: Denial | undefined
  /** HTTP status of the API server's answer. */
  readonly httpStatus?: number
  /** Pod Security level that rejected an object: `baseline`. */
  readonly podSecurityLevel?: string
  /** Kind of algorithm that kcap's SSH client and the host have none of in common: `host key format`. */
  readonly algorithm?: string
  /** Whether the capture program rejected one of its options as unknown. */
  readonly hasUnknownOption?: boolean
  /** The pod may be terminating: a signal ended the capture program, or the container runtime could not start one. */
  readonly mayHaveEnded?: boolean
  /** Whether the login shell found no "sh". */
  readonly lacksShell?: boolean
}

/**
 * The only error kcap shows to people. `message` reads `cannot <do> "<what>": <state>`. Each hint is a line to paste or a sentence. Library errors
 * are translated into it once, at the border of `kube/`, `ssh/` and `output/`.
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
    // A link lets its reader into a capture, and users paste it in many places.
    super(hideShareTokens(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KcapError'
    this.code = code
    this.remedies = (options.hints ?? []).map((hint) => (typeof hint === 'string' ? hideShareTokens(hint) : hint))
    this.facts = options.facts ?? {}
  }

  /** Remedies as text for the shell's user. */
  get hints(): readonly string[] {
    return this.formatHints()
  }

  /** Returns the remedies as text. `scope` names the cluster for lines that would otherwise address another one: `--context NAME`. */
  formatHints(scope: HintScope = {}): readonly string[] {
    return this.remedies.map((hint) => formatHint(hint, scope)).filter((text) => text !== undefined)
  }

  get exitCode(): number {
    return exitCodeOf[this.code]
  }
}

/** Converts any thrown value to a KcapError. Anything else is a bug in kcap and is reported as one. */
export function toKcapError(error: unknown): KcapError {
  if (error instanceof KcapError) return error
  const text = error instanceof Error ? error.message : String(error)
  return new KcapError('internal', `unexpected error: ${text}`, {
    hints: ['this is a fault in kcap; run again with --verbose and report what it prints'],
    cause: error,
  })
}

/** Returns the error with its hints bound to a context that the command line does not name; undefined leaves them alone. */
export function inContext(error: unknown, context: string | undefined): unknown {
  if (!(error instanceof KcapError) || context === undefined) return error
  const { code, message, remedies, cause, facts } = error
  return new KcapError(code, message, { hints: remedies.map((hint) => withContext(hint, context)), cause, facts })
}
