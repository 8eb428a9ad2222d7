/**
 * A run of packets in one buffer, described by a table of words instead of one object per packet. At a million packets a second, objects would cost
 * more than everything else kcap does. The row of packet `i` starts at `i * packetRow.length`; its bytes are `bytes.subarray(offset, offset +
 * capturedLength)`.
 */
export interface PacketBatch {
  readonly bytes: Buffer
  readonly count: number
  readonly rows: Uint32Array
  /** Sum of the packets' captured lengths, which the reader knows without walking the rows. */
  readonly capturedBytes: number
  /** Upper 32 bits of the seconds of all packets; absent for 0, which lasts until 2106. */
  readonly upperSeconds?: number
  /** Header of the packets; absent if it equals the source's first header. */
  readonly header?: PacketStreamHeader
  /** Comment that the first packet came with. */
  readonly comment?: string
}

/** Words of a row, in order. Times count from the Unix epoch. The original length exceeds the captured one where the snap length cut the packet. */
export const packetRow = {
  seconds: 0,
  nanoseconds: 1,
  offset: 2,
  capturedLength: 3,
  originalLength: 4,
  length: 5,
} as const

/** Rows `from` up to but not including `to` of a batch, on their way to the output. */
export interface PacketRun {
  readonly interfaceId: number
  readonly batch: PacketBatch
  readonly from: number
  readonly to: number
  /** Comment of the first packet. */
  readonly comment?: string
}

/** Properties that a packet stream declares before its first packet. */
export interface PacketStreamHeader {
  /** Link type. https://www.tcpdump.org/linktypes.html */
  readonly linkType: number
  /** Bytes kept of each packet. */
  readonly snapLength: number
  /** Length of the frame check sequence at the end of each packet, in bits; absent if unknown. */
  readonly fcsBits?: number
  /** Interface of the packets in a shared stream, which keeps its name; absent where kcap describes the interface. */
  readonly origin?: InterfaceOrigin
}

/** An interface as the sender of a shared stream describes it. */
export interface InterfaceOrigin {
  readonly name: string
  readonly description: string
  /** Capture filter; '' for none. */
  readonly filter: string
}

export function capturedLength(batch: PacketBatch, i: number): number {
  return batch.rows[i * packetRow.length + packetRow.capturedLength] as number
}

/** Returns the first `count` packets of a batch. */
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
