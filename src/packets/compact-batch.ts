import { type PacketBatch, packetRow } from '../base/packet.ts'

/** A buffer as small as this does no harm. */
const smallBytes = 16 * 1024
/** A fast stream by SSH comes in pieces of 32 KB, sixteen of which lie in one buffer. */
const sparseShare = 32

/**
 * A batch whose packets take little of the buffer they lie in gets one of its own: between two small packets a hostile stream may send megabytes of
 * blocks or messages that nobody reads, and all of them would be kept as long as the packets wait.
 */
export function compactBatch(batch: PacketBatch): PacketBatch {
  const { bytes, count, rows } = batch
  const heldBytes = bytes.buffer.byteLength
  if (heldBytes <= smallBytes) return batch
  const length = batch.capturedBytes
  if (length * sparseShare >= heldBytes) return batch
  const compact = Buffer.allocUnsafe(length)
  let end = 0
  for (let row = 0; row < count * packetRow.length; row += packetRow.length) {
    const offset = rows[row + packetRow.offset] as number
    rows[row + packetRow.offset] = end
    end += bytes.copy(compact, end, offset, offset + (rows[row + packetRow.capturedLength] as number))
  }
  return { ...batch, bytes: compact }
}
