import type { KcapError } from '../base/kcap-error.ts'
import { type PacketBatch, type PacketStreamHeader, packetRow } from '../base/packet.ts'
import { corruptCapture, notACapture } from './capture-errors.ts'
import { fileHeaderLength, recordHeaderLength } from './pcap-layout.ts'

/** Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD: dumpcap ends a capture at a longer packet. */
const maxCapturedLength = 262_144
/** The rows of many batches lie in one table: memory outside the heap is the costly part of a typed array. */
const tableRows = 4096

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
  let failure: KcapError | undefined
  /** The begun record: its header until that is whole, then all of it. Before the file header: what has come of that. */
  let pending = Buffer.alloc(0)
  let pendingLength = 0
  /** Of the next record in the stream. */
  let position = fileHeaderLength
  let table: Uint32Array = new Uint32Array(0)
  let usedWords = 0

  /** Gives the offset in `chunk` after what it took. */
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
    encoding = magics.get(start.toString('hex', 0, 4)) ?? encoding
    const read = encoding.littleEndian ? 'readUInt32LE' : 'readUInt32BE'
    // The upper bits of the link type word may carry the FCS length (draft §4.1).
    header = { snapLength: start[read](16) || maxCapturedLength, linkType: start[read](20) & 0xffff }
    pendingLength = 0
    return taken
  }

  function failTooLong(recordPosition: number, capturedLength: number): void {
    failure = corruptCapture(`the record at byte ${recordPosition} claims ${capturedLength} bytes`, sourceName)
  }

  /** Adds the packets that lie whole in `bytes` from `start` on; gives the offset after them. */
  function indexRecords(bytes: Buffer, start: number, batches: PacketBatch[]): number {
    const { littleEndian, nanosecondsPerTick } = encoding
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    // What changes with each packet lies in variables of this call that no closure holds: they cost less.
    let rows = table
    let firstWord = usedWords
    let word = usedWords
    let at = start
    while (at + recordHeaderLength <= bytes.length) {
      const capturedLength = view.getUint32(at + 8, littleEndian)
      if (capturedLength > maxCapturedLength) {
        failTooLong(position + at - start, capturedLength)
        break
      }
      const next = at + recordHeaderLength + capturedLength
      if (next > bytes.length) break
      if (word === rows.length) {
        addBatch(batches, bytes, rows.subarray(firstWord, word))
        rows = makeTable()
        word = 0
        firstWord = 0
      }
      rows[word + packetRow.seconds] = view.getUint32(at, littleEndian)
      rows[word + packetRow.nanoseconds] = view.getUint32(at + 4, littleEndian) * nanosecondsPerTick
      rows[word + packetRow.offset] = at + recordHeaderLength
      rows[word + packetRow.capturedLength] = capturedLength
      rows[word + packetRow.originalLength] = view.getUint32(at + 12, littleEndian)
      word += packetRow.length
      at = next
    }
    addBatch(batches, bytes, rows.subarray(firstWord, word))
    table = rows
    usedWords = word
    position += at - start
    return at
  }

  /** Keeps the begun record at the end of a chunk, as a copy of its own: a few bytes must not keep a whole chunk in memory. */
  function keepPending(rest: Buffer): void {
    pending = Buffer.allocUnsafe(recordHeaderLength)
    pendingLength = 0
    appendPending(rest, 0)
  }

  /** Goes on with the begun record; gives the offset in `chunk` after what it took. The record is whole when it is as long as `pending`. */
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
      const capturedLength = encoding.littleEndian ? pending.readUInt32LE(8) : pending.readUInt32BE(8)
      if (capturedLength > maxCapturedLength) {
        failTooLong(position, capturedLength)
        return at
      }
      const start = pending
      pending = Buffer.allocUnsafe(recordHeaderLength + capturedLength)
      start.copy(pending)
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

const magics = new Map<string, Encoding>([
  ['d4c3b2a1', { littleEndian: true, nanosecondsPerTick: 1000 }],
  ['a1b2c3d4', { littleEndian: false, nanosecondsPerTick: 1000 }],
  ['4d3cb2a1', { littleEndian: true, nanosecondsPerTick: 1 }],
  ['a1b23c4d', { littleEndian: false, nanosecondsPerTick: 1 }],
])

function couldBeMagic(start: Buffer): boolean {
  return [...magics.keys()].some((magic) => magic.startsWith(start.toString('hex', 0, 4)))
}

function addBatch(batches: PacketBatch[], bytes: Buffer, rows: Uint32Array): void {
  if (rows.length > 0) batches.push({ bytes, count: rows.length / packetRow.length, rows })
}

/** Not filled with zeros: each word is written before it is read. */
function makeTable(): Uint32Array {
  const bytes = Buffer.allocUnsafeSlow(tableRows * packetRow.length * Uint32Array.BYTES_PER_ELEMENT)
  return new Uint32Array(bytes.buffer, 0, tableRows * packetRow.length)
}
