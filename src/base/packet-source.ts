import type { KcapError } from './kcap-error.ts'
import type { PacketBatch, PacketStreamHeader } from './packet.ts'

/** Counters of the remote kernel; undefined where it did not report them. */
export interface SourceStatistics {
  /** Packets the capture program wrote into its stream. */
  readonly captured: number | undefined
  /** Packets that passed the filter. */
  readonly received: number | undefined
  readonly dropped: number | undefined
}

export interface SourceEnd {
  readonly statistics: SourceStatistics
  /** Error that ended the source; undefined if it was stopped or the capture program ended normally. */
  readonly error: KcapError | undefined
  /** Monotonic time when data last came from the remote side; undefined means the end of the source. */
  readonly heardMs?: number | undefined
}

/** Packets of one interface of one target, from an open capture. */
export interface PacketSource {
  /** Label of the target: `shop/orders-6c9f`. */
  readonly name: string
  /** Interface on the remote side. */
  readonly interfaceName: string
  readonly header: PacketStreamHeader
  /** Capture command as the remote side runs it. */
  readonly command: string
  /** Compression program that the remote side lacks, although compression was requested. */
  readonly missingCompressor?: string | undefined
  /** Bounds on how far the remote clock is ahead of this machine's; undefined if the remote side did not report its time. */
  readonly aheadMs?: { readonly least: number; readonly most: number } | undefined
  /**
   * Batches in order of arrival. Iteration ends and never throws; `ended` reports how. Nothing is read ahead of the reader. Read it to the end even
   * after `stop`, and discard what is no longer wanted.
   */
  readonly batches: AsyncIterable<readonly PacketBatch[]>
  /** Settles after `batches` has ended; never rejects. */
  readonly ended: Promise<SourceEnd>
  /** Asks the remote side to end and to send what it still holds. Safe to call more than once. */
  stop(): void
  /** Drops the connection at once; the remote side ends on its own. */
  kill(): void
}
