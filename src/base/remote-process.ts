import type { Readable, Writable } from 'node:stream'
import type { KcapError } from './kcap-error.ts'

/** How a program on the remote side ended: on its own, or because its connection was lost. */
export type RemoteExit =
  /** The remote side could not start the program. */
  | { readonly kind: 'refused'; readonly error: KcapError }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'lost'; readonly error: KcapError }

/**
 * Program on the remote side, run over a kube exec channel or an SSH channel. A slow reader pauses the connection; nothing is buffered beyond a
 * stream's high-water mark.
 */
export interface RemoteProcess {
  /** Raw bytes, flowing from the first turn of the event loop. Ends, and never errors, when the program ends or the connection is lost. */
  readonly stdout: Readable
  /** Text that separates the login shell's output from the program's; absent when all output is the program's. */
  readonly outputMark?: string
  readonly stderr: Readable
  /** Standard input of the program; writes after the end are dropped silently. */
  readonly stdin: Writable
  /** Settles when the program has ended or the connection is lost; never rejects. Read both outputs to their end first. */
  readonly exited: Promise<RemoteExit>
  /** Drops the connection at once. This does not end the remote program; its supervisor does. */
  kill(): void
}

/** Starts an argv on the remote side. Rejects with a KcapError if it cannot start. The signal aborts the start only. */
export type StartRemoteProcess = (argv: readonly string[], signal: AbortSignal) => Promise<RemoteProcess>
