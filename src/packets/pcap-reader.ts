import { KcapError } from '../base/kcap-error.ts'
import type { PacketBatch, PacketStreamHeader } from '../base/packet.ts'

const fileHeaderLength = 24
const recordHeaderLength = 16
/** Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD: dumpcap ends a capture at a longer packet. */
const maxCapturedLength = 262_144
/** A far side that talks instead of capturing is quoted, but no more than this. */
const maxQuotedLength = 200

export interface PcapReader {
  /** undefined until the 24 bytes of the file header have come. */
  readonly header: PacketStreamHeader | undefined
  /**
   * Takes the next bytes and gives the packets they complete. The batches refer to `chunk`, so it must not be written again.
   * Nothing comes after a failure.
   */
  push(chunk: Buffer): PacketBatch[]
  /** `not-a-capture` when the stream does not begin as a pcap, `corrupt-capture` when a record cannot be one. */
  readonly failure: KcapError | undefined
  /** Bytes of a begun record (or header) that never came to its end. */
  readonly pendingLength: number
}

interface Encoding {
  readonly littleEndian: boolean
  readonly nanosecondsPerTick: number
}

/**
 * Reads a pcap stream cut into any chunks: microseconds or nanoseconds, either byte order.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */
export function makePcapReader(sourceName: string): PcapReader {
  let header: PacketStreamHeader | undefined
  let encoding: Encoding = { littleEndian: true, nanosecondsPerTick: 1 }
  let pending = Buffer.alloc(0)
  let position = 0
  let failure: KcapError | undefined

  function readHeader(chunk: Buffer): Buffer | undefined {
    pending = Buffer.concat([pending, chunk])
    if (!couldBeMagic(pending)) {
      failure = notACapture(pending, sourceName)
      return undefined
    }
    if (pending.length < fileHeaderLength) return undefined
    encoding = magics.get(pending.toString('hex', 0, 4)) ?? encoding
    const read = encoding.littleEndian ? 'readUInt32LE' : 'readUInt32BE'
    // The upper bits of the link type word may carry the FCS length (draft §4.1).
    header = { snapLength: pending[read](16) || maxCapturedLength, linkType: pending[read](20) & 0xffff }
    const rest = pending.subarray(fileHeaderLength)
    pending = Buffer.alloc(0)
    position = fileHeaderLength
    return rest
  }

  /** Captured length of the record whose header lies at `at`; undefined when it can be none. */
  function readLength(bytes: Buffer, at: number): number | undefined {
    const capturedLength = readWord(bytes, at + 8, encoding.littleEndian)
    if (capturedLength > maxCapturedLength) {
      failure = new KcapError(
        'corrupt-capture',
        `cannot read packets of "${sourceName}": the record at byte ${position} claims ${capturedLength} bytes`,
        { hints: ['the packets before it are kept; the capture program or the connection has damaged the stream'] },
      )
      return undefined
    }
    return capturedLength
  }

  /** Completes the record begun in earlier chunks; gives the offset in `chunk` after it, or undefined when more is needed. */
  function completePending(chunk: Buffer, batches: PacketBatch[]): number | undefined {
    let taken = 0
    if (pending.length < recordHeaderLength) {
      taken = Math.min(recordHeaderLength - pending.length, chunk.length)
      pending = Buffer.concat([pending, chunk.subarray(0, taken)])
      if (pending.length < recordHeaderLength) return undefined
    }
    const capturedLength = readLength(pending, 0)
    if (capturedLength === undefined) return undefined
    const missing = recordHeaderLength + capturedLength - pending.length
    const more = Math.min(missing, chunk.length - taken)
    pending = Buffer.concat([pending, chunk.subarray(taken, taken + more)])
    if (more < missing) return undefined
    batches.push(indexRecords(pending, 0, encoding, 1))
    position += pending.length
    pending = Buffer.alloc(0)
    return taken + more
  }

  return {
    get header() {
      return header
    },
    get pendingLength() {
      return pending.length
    },
    get failure() {
      return failure
    },
    push(chunk) {
      if (failure !== undefined) return []
      if (header === undefined) {
        const rest = readHeader(chunk)
        if (rest === undefined) return []
        chunk = rest
      }
      const batches: PacketBatch[] = []
      let start = 0
      if (pending.length > 0) {
        const next = completePending(chunk, batches)
        if (next === undefined) return batches
        start = next
      }
      let end = start
      let count = 0
      while (end + recordHeaderLength <= chunk.length) {
        const capturedLength = readLength(chunk, end)
        if (capturedLength === undefined) break
        const next = end + recordHeaderLength + capturedLength
        if (next > chunk.length) break
        position += next - end
        end = next
        count++
      }
      if (count > 0) batches.push(indexRecords(chunk, start, encoding, count))
      // A copy, so that a few bytes do not keep a whole chunk in memory.
      if (end < chunk.length) pending = Buffer.from(chunk.subarray(end))
      return batches
    },
  }
}

function readWord(bytes: Buffer, at: number, littleEndian: boolean): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function indexRecords(bytes: Buffer, start: number, encoding: Encoding, count: number): PacketBatch {
  // One allocation for all columns: memory outside the heap is the costly part of a typed array.
  const columns = new ArrayBuffer(count * 5 * 4)
  const column = (index: number) => new Uint32Array(columns, index * count * 4, count)
  const [seconds, nanoseconds, offsets] = [column(0), column(1), column(2)]
  const [capturedLengths, originalLengths] = [column(3), column(4)]
  const { littleEndian, nanosecondsPerTick } = encoding
  let at = start
  for (let i = 0; i < count; i++) {
    const capturedLength = readWord(bytes, at + 8, littleEndian)
    seconds[i] = readWord(bytes, at, littleEndian)
    nanoseconds[i] = readWord(bytes, at + 4, littleEndian) * nanosecondsPerTick
    capturedLengths[i] = capturedLength
    originalLengths[i] = readWord(bytes, at + 12, littleEndian)
    offsets[i] = at + recordHeaderLength
    at += recordHeaderLength + capturedLength
  }
  return { bytes, count, seconds, nanoseconds, offsets, capturedLengths, originalLengths }
}

const magics = new Map<string, Encoding>([
  ['d4c3b2a1', { littleEndian: true, nanosecondsPerTick: 1000 }],
  ['a1b2c3d4', { littleEndian: false, nanosecondsPerTick: 1000 }],
  ['4d3cb2a1', { littleEndian: true, nanosecondsPerTick: 1 }],
  ['a1b23c4d', { littleEndian: false, nanosecondsPerTick: 1 }],
])

function couldBeMagic(start: Buffer): boolean {
  return [...magics.keys()].some((magic) => magic.startsWith(start.toString('hex', 0, 4)))
}

function notACapture(start: Buffer, sourceName: string): KcapError {
  return new KcapError('not-a-capture', `cannot read packets of "${sourceName}": it sent ${quoteFirstLine(start)}`, {
    hints: [
      'something on the far side prints before or instead of the capture: a shell profile, a wrapper around tcpdump, a banner',
    ],
  })
}

/** The first line of what came instead of a capture, as plain printable text. */
function quoteFirstLine(bytes: Buffer): string {
  const line = bytes.toString('utf8', 0, maxQuotedLength).split(/[\r\n]/, 1)[0] ?? ''
  const printable = line.replace(/\p{C}/gu, '')
  const isText = printable.length > 0 && !printable.includes('\ufffd')
  return isText ? `the text "${printable}"` : `bytes that are no capture (${bytes.toString('hex', 0, 8)})`
}
