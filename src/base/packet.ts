/**
 * A run of packets that lie in one buffer, described by columns instead of one object per packet: at a million packets a second
 * objects would cost more than everything else kcap does. Packet `i` is
 * `bytes.subarray(offsets[i], offsets[i] + capturedLengths[i])`, taken at `seconds[i]` + `nanoseconds[i]` since the Unix epoch.
 */
export interface PacketBatch {
  readonly bytes: Buffer
  readonly count: number
  readonly seconds: Uint32Array
  readonly nanoseconds: Uint32Array
  readonly offsets: Uint32Array
  readonly capturedLengths: Uint32Array
  /** Lengths on the wire; larger than captured where the snap length cut the packet. */
  readonly originalLengths: Uint32Array
}

/** What a stream of packets says of itself before its first packet. */
export interface PacketStreamHeader {
  /** https://www.tcpdump.org/linktypes.html */
  readonly linkType: number
  /** Bytes kept of each packet. */
  readonly snapLength: number
}

/** The first `count` packets of a batch. */
export function takePackets(batch: PacketBatch, count: number): PacketBatch {
  return count >= batch.count ? batch : { ...batch, count: Math.max(0, count) }
}
