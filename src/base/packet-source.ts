import type { KcapError } from './kcap-error.ts'
import type { PacketBatch, PacketStreamHeader } from './packet.ts'

/** What the remote side's kernel counted; undefined where it did not tell. */
export interface SourceStatistics {
  /** Packets the capture program wrote into its stream. */
  readonly captured: number | undefined
  /** Packets that passed the filter. */
  readonly received: number | undefined
  readonly dropped: number | undefined
}

export interface SourceEnd {
  readonly statistics: SourceStatistics
  /** Why it ended, unless it was stopped or the capture program ended as it should. */
  readonly error: KcapError | undefined
  /** When something last came from the remote side, by the monotonic clock; undefined: at the end. */
  readonly heardMs?: number | undefined
}

/** Packets of one interface of one target, from an open capture. */
export interface PacketSource {
  /** `shop/orders-6c9f` */
  readonly name: string
  /** Interface on the remote side. */
  readonly interfaceName: string
  readonly header: PacketStreamHeader
  /** The capture command as the remote side runs it. */
  readonly command: string
  /** The program without which the remote side could not compress, though it was asked to. */
  readonly missingCompressor?: string | undefined
  /** What the remote side's clock says more than this machine's, at least and at most; undefined where it did not tell. */
  readonly aheadMs?: { readonly least: number; readonly most: number } | undefined
  /**
   * What has come, in order. Ends, never throws: `ended` tells how. Nothing is read ahead of the reader. To be read to its end, also after `stop`: what
   * is not wanted any more is thrown away by the reader.
   */
  readonly batches: AsyncIterable<readonly PacketBatch[]>
  /** Settles after `batches` has ended; never rejects. */
  readonly ended: Promise<SourceEnd>
  /** Asks the remote side to end and hand over what it still holds; safe to call more than once. */
  stop(): void
  /** Drops the connection at once; the remote side ends by itself. */
  kill(): void
}
