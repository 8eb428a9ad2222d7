import type { Readable, Writable } from 'node:stream'
import type { KcapError } from './kcap-error.ts'

/** How a program on the remote side ended: by itself, or because the connection to it is gone. */
export type RemoteExit =
  /** The remote side could not start the program. */
  | { readonly kind: 'refused'; readonly error: KcapError }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'lost'; readonly error: KcapError }

/**
 * A program running on the remote side, over a kube exec channel or an SSH channel. Reading pauses the connection when the reader
 * is slow; nothing is buffered beyond a stream's high-water mark.
 */
export interface RemoteProcess {
  /** Raw bytes, read from the first turn of the event loop on; ends (never errors) when the program ended or the connection was lost. */
  readonly stdout: Readable
  /** Text that separates the login shell's output from the program's; absent when all output is the program's. */
  readonly outputMark?: string
  readonly stderr: Readable
  /** Bytes for the program's standard input; writes after the end are dropped silently. */
  readonly stdin: Writable
  /** Settles when the program has ended or the connection is gone; never rejects. Read both outputs to their end before. */
  readonly exited: Promise<RemoteExit>
  /** Drops the connection at once. The program on the remote side does not end by this: the supervisor there sees to it. */
  kill(): void
}

/** Starts an argv on the remote side. Rejects with a KcapError when it cannot be started; the signal aborts the start only. */
export type StartRemoteProcess = (argv: readonly string[], signal: AbortSignal) => Promise<RemoteProcess>
