/**
 * A run of packets that lie in one buffer, described by a table of words instead of one object per packet: at a million packets a second
 * objects would cost more than everything else kcap does. Packet `i` has the row from `i * packetRow.length` on; its bytes are
 * `bytes.subarray(offset, offset + capturedLength)`.
 */
export interface PacketBatch {
  readonly bytes: Buffer
  readonly count: number
  readonly rows: Uint32Array
  /** Sum of the captured lengths of its packets, which the reader knows without a walk over the rows. */
  readonly capturedBytes: number
  /** Upper 32 bits of the seconds of all its packets; absent for 0, which lasts until 2106. */
  readonly upperSeconds?: number
  /** Header of its packets; absent where it is the source's first. */
  readonly header?: PacketStreamHeader
}

/** Words of a row, in order. The time is since the Unix epoch; a packet is longer on the wire where the snap length cut it. */
export const packetRow = {
  seconds: 0,
  nanoseconds: 1,
  offset: 2,
  capturedLength: 3,
  originalLength: 4,
  length: 5,
} as const

/** Some packets of a batch, from row `from` up to `to`, on their way to the output. */
export interface PacketRun {
  readonly interfaceId: number
  readonly batch: PacketBatch
  readonly from: number
  readonly to: number
  /** Of the first of them. */
  readonly comment?: string
}

/** What a stream of packets says of itself before its first packet. */
export interface PacketStreamHeader {
  /** https://www.tcpdump.org/linktypes.html */
  readonly linkType: number
  /** Bytes kept of each packet. */
  readonly snapLength: number
  /** Length in bits of the frame check sequence at the end of each packet; absent where unknown. */
  readonly fcsBits?: number
}

export function capturedLength(batch: PacketBatch, i: number): number {
  return batch.rows[i * packetRow.length + packetRow.capturedLength] as number
}

/** The first `count` packets of a batch. */
export function takePackets(batch: PacketBatch, count: number): PacketBatch {
  if (count >= batch.count) return batch
  const to = Math.max(0, count)
  return { ...batch, count: to, capturedBytes: sumCapturedLengths(batch, 0, to) }
}

/** Returns the sum of the captured lengths of a run's packets. */
export function capturedBytesOf({ batch, from, to }: Pick<PacketRun, 'batch' | 'from' | 'to'>): number {
  return from === 0 && to === batch.count ? batch.capturedBytes : sumCapturedLengths(batch, from, to)
}

function sumCapturedLengths({ rows }: PacketBatch, from: number, to: number): number {
  let sum = 0
  const end = to * packetRow.length
  for (let at = from * packetRow.length + packetRow.capturedLength; at < end; at += packetRow.length)
    sum += rows[at] as number
  return sum
}
