import type { Server } from 'node:net'

/** A server of a shared capture that does not listen yet. */
export interface ShareServer {
  readonly server: Server
  /** Settles when every reader has what is queued for it, or has left. */
  finish(): Promise<unknown>
  /** Drops all connections. */
  destroy(): void
}
