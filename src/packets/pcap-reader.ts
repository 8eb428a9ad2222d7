import type { KcapError } from '../base/kcap-error.ts'
import { type PacketBatch, type PacketStreamHeader, packetRow } from '../base/packet.ts'
import { corruptCapture, notACapture } from './capture-errors.ts'
import { growBytes } from './copy-bytes.ts'
import { type HeaderKind, makeHeaderKinds } from './header-kinds.ts'
import { couldBeMagic, parsePcapHeader, type RecordEncoding } from './pcap-header.ts'
import { fileHeaderLength, maxCapturedLength, recordHeaderLength } from './pcap-layout.ts'
import type { StreamReader } from './stream-reader.ts'
import { viewBytes } from './view-bytes.ts'

/** Rows of a table, which many batches share: memory outside the heap is the costly part of a typed array. */
const tableRows = 4096

export interface PcapReader extends StreamReader<PacketBatch> {
  /** Header; undefined until the stream has described its packets. Later batches may have a header of their own. */
  readonly header: PacketStreamHeader | undefined
}

/**
 * Makes a reader of a pcap stream cut into any chunks: microseconds or nanoseconds, either byte order.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */
export function makePcapReader(sourceName: string): PcapReader {
  const kinds = makeHeaderKinds()
  let header: PacketStreamHeader | undefined
  let kind: HeaderKind
  let encoding: RecordEncoding
  let failure: KcapError | undefined
  /** The unfinished record: only its header until that is complete, then all of it. Before the file header is complete: the part that has arrived. */
  let pending = Buffer.alloc(0)
  let pendingLength = 0
  /** Position of the next record in the stream. */
  let position = fileHeaderLength
  let table: Uint32Array = new Uint32Array(0)
  let usedWords = 0

  /** Reads the file header; returns the offset in `chunk` after the bytes that it took. */
  function readHeader(chunk: Buffer): number {
    const start = Buffer.concat([pending, chunk.subarray(0, fileHeaderLength - pendingLength)])
    const taken = start.length - pendingLength
    if (!couldBeMagic(start)) {
      failure = notACapture(Buffer.concat([pending, chunk]), sourceName)
      return taken
    }
    pending = start
    pendingLength = start.length
    if (pendingLength < fileHeaderLength) return taken
    const parsed = parsePcapHeader(start)
    if (typeof parsed === 'string') {
      failure = corruptCapture(parsed, sourceName)
      return taken
    }
    kind = kinds.find(parsed.header)
    header = kind.header
    encoding = parsed.encoding
    pendingLength = 0
    return taken
  }

  function failTooLong(recordPosition: number, capturedLength: number): void {
    failure = corruptCapture(`the record at byte ${recordPosition} claims ${capturedLength} bytes`, sourceName)
  }

  /** Returns the captured length of the record at `at`. */
  function readCapturedLength(view: DataView, at: number): number {
    const { littleEndian, capturedAt, mayBeSwapped } = encoding
    const capturedLength = view.getUint32(at + capturedAt, littleEndian)
    if (!mayBeSwapped) return capturedLength
    return Math.min(capturedLength, view.getUint32(at + 20 - capturedAt, littleEndian))
  }

  /** Adds a batch. `length`: bytes of its records in the stream. */
  function addBatch(batches: PacketBatch[], bytes: Buffer, rows: Uint32Array, length: number): void {
    if (rows.length === 0) return
    const count = rows.length / packetRow.length
    const batch = { bytes, count, rows, capturedBytes: length - count * recordHeaderLength }
    batches.push(kind.header === header ? batch : { ...batch, header: kind.header })
  }

  /** Adds the packets that are complete in `bytes` from `start` on; returns the offset after them. */
  function indexRecords(bytes: Buffer, start: number, batches: PacketBatch[]): number {
    const { littleEndian, nanosecondsPerTick, capturedAt, mayBeSwapped } = encoding
    const originalAt = 20 - capturedAt
    let longest = Math.min(kind.longest, maxCapturedLength)
    const view = viewBytes(bytes)
    // What changes with each packet is in local variables that no closure holds: they cost less.
    let rows = table
    let firstWord = usedWords
    let firstAt = start
    let word = usedWords
    let at = start
    while (at + recordHeaderLength <= bytes.length) {
      let capturedLength = view.getUint32(at + capturedAt, littleEndian)
      let originalLength = view.getUint32(at + originalAt, littleEndian)
      if (mayBeSwapped && capturedLength > originalLength)
        [capturedLength, originalLength] = [originalLength, capturedLength]
      if (capturedLength > longest) {
        if (capturedLength > maxCapturedLength) {
          failTooLong(position + at - start, capturedLength)
          break
        }
        addBatch(batches, bytes, rows.subarray(firstWord, word), at - firstAt)
        firstWord = word
        firstAt = at
        kinds.raise(kind)
        longest = maxCapturedLength
      }
      const next = at + recordHeaderLength + capturedLength
      if (next > bytes.length) break
      if (word === rows.length) {
        addBatch(batches, bytes, rows.subarray(firstWord, word), at - firstAt)
        rows = makeTable()
        word = 0
        firstWord = 0
        firstAt = at
      }
      rows[word + packetRow.seconds] = view.getUint32(at, littleEndian)
      rows[word + packetRow.nanoseconds] = view.getUint32(at + 4, littleEndian) * nanosecondsPerTick
      rows[word + packetRow.offset] = at + recordHeaderLength
      rows[word + packetRow.capturedLength] = capturedLength
      rows[word + packetRow.originalLength] = originalLength
      word += packetRow.length
      at = next
    }
    addBatch(batches, bytes, rows.subarray(firstWord, word), at - firstAt)
    table = rows
    usedWords = word
    position += at - start
    return at
  }

  /** Keeps the unfinished record at the end of a chunk, as a copy of its own: a few bytes must not keep a whole chunk in memory. */
  function keepPending(rest: Buffer): void {
    pending = Buffer.allocUnsafe(recordHeaderLength)
    pendingLength = 0
    appendPending(rest, 0)
  }

  /**
   * Continues the unfinished record; returns the offset in `chunk` after the bytes that it took. The record is complete when `pendingLength` is the
   * length of `pending`.
   */
  function appendPending(chunk: Buffer, start: number): number {
    const take = (at: number) => {
      const copied = chunk.copy(pending, pendingLength, at)
      pendingLength += copied
      return at + copied
    }
    let at = start
    if (pending.length === recordHeaderLength) {
      at = take(at)
      if (pendingLength < recordHeaderLength) return at
      const capturedLength = readCapturedLength(viewBytes(pending), 0)
      if (capturedLength > maxCapturedLength) {
        failTooLong(position, capturedLength)
        return at
      }
      pending = growBytes(pending, recordHeaderLength + capturedLength)
    }
    return take(at)
  }

  return {
    get header() {
      return header
    },
    get pendingLength() {
      return pendingLength
    },
    get failure() {
      return failure
    },
    push(chunk) {
      if (failure !== undefined) return []
      kinds.beginPush()
      let at = header === undefined ? readHeader(chunk) : 0
      const batches: PacketBatch[] = []
      if (header === undefined) return batches
      if (pendingLength > 0) {
        at = appendPending(chunk, at)
        if (failure !== undefined || pendingLength < pending.length) return batches
        indexRecords(pending, 0, batches)
        pendingLength = 0
      }
      at = indexRecords(chunk, at, batches)
      if (failure === undefined && at < chunk.length) keepPending(chunk.subarray(at))
      return batches
    },
  }
}

/** Makes a table without filling it with zeros: each word is written before it is read. */
function makeTable(): Uint32Array {
  const bytes = Buffer.allocUnsafeSlow(tableRows * packetRow.length * Uint32Array.BYTES_PER_ELEMENT)
  return new Uint32Array(bytes.buffer, 0, tableRows * packetRow.length)
}
