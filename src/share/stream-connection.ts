import type { KcapError } from '../base/kcap-error.ts'

/** An open connection to a stream of packets. */
export interface StreamConnection {
  /** Chunks as they arrived. Not read ahead of the caller. */
  readonly chunks: AsyncGenerator<readonly Buffer[]>
  /** Settles when the connection has ended: undefined after a regular end of the stream or `close`, else why it broke off. */
  readonly ended: Promise<KcapError | undefined>
  /** Ends the connection. What has arrived can still be read. */
  close(): void
}
