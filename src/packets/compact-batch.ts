import { type PacketBatch, packetRow } from '../base/packet.ts'

/** Size up to which a buffer does no harm. */
const smallBytes = 16 * 1024
/**
 * Largest buffer that is kept, as a multiple of its packets' length. A fast stream by SSH arrives in pieces of 32 KB, sixteen of which share a
 * buffer.
 */
const sparseShare = 32

/**
 * Copies a batch into a buffer of its own when its packets take little of their buffer. Between two small packets, a hostile stream may send
 * megabytes of blocks or messages that nobody reads. They would all stay in memory while the packets wait.
 */
export function compactBatch(batch: PacketBatch): PacketBatch {
  const { bytes, count, rows } = batch
  const heldBytes = bytes.buffer.byteLength
  if (heldBytes <= smallBytes) return batch
  const length = batch.capturedBytes
  if (length * sparseShare >= heldBytes) return batch
  // A slice of Node's pool would keep the pool's slab.
  const compact = Buffer.allocUnsafeSlow(length)
  let end = 0
  for (let row = 0; row < count * packetRow.length; row += packetRow.length) {
    const offset = rows[row + packetRow.offset] as number
    rows[row + packetRow.offset] = end
    end += bytes.copy(compact, end, offset, offset + (rows[row + packetRow.capturedLength] as number))
  }
  return { ...batch, bytes: compact }
}
