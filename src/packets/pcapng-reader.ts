import type { KcapError } from '../base/kcap-error.ts'
import type { PacketStreamHeader } from '../base/packet.ts'
import { corruptCapture, notACapture } from './capture-errors.ts'
import { growBytes } from './copy-bytes.ts'
import { type InterfacePackets, makePacketRuns } from './packet-runs.ts'
import { maxCapturedLength } from './pcap-layout.ts'
import { blockTypes, padded } from './pcapng-block.ts'
import { type InterfaceCounters, makeInterfaceList, type PcapngInterface } from './pcapng-interface.ts'
import { findForeignVersion, isLittleEndianSection, maxSectionHeaderLength } from './pcapng-section.ts'
import type { TimeWriter } from './pcapng-time.ts'
import { maxNotesLength, maxOptionsLength, readComments, readNotes, type StreamNotes } from './stream-notes.ts'
import type { StreamReader } from './stream-reader.ts'
import { viewBytes } from './view-bytes.ts'

const sectionHeaderStart = Buffer.from([0x0a, 0x0d, 0x0d, 0x0a])
const packetHeaderLength = 28
const simplePacketHeaderLength = 12
const trailerLength = 4
/** Maximum length of a block that is kept; no description of an interface comes near it. */
const maxKeptLength = maxCapturedLength
/** Maximum number of interfaces: sections and interfaces may follow each other without end, and each interface stays in memory. */
const maxInterfaces = 10_000

export interface PcapngReader extends StreamReader<InterfacePackets> {
  /** Interfaces described so far, by their ids. */
  readonly interfaces: readonly PcapngInterface[]
  /** Header of the first interface's packets, until a longer packet needs another one; undefined until it is described. */
  readonly firstHeader: PacketStreamHeader | undefined
  /** Counts of the last statistics block of each interface, by interface id. */
  readonly statistics: readonly InterfaceCounters[]
}

/**
 * Makes a reader of a pcapng stream cut into any chunks: sections of either byte order, all kinds of packet blocks. Skips other blocks as they
 * arrive, except those about interfaces. With `notes`, also reads names, TLS secrets and comments, and keeps interfaces apart by their origin.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
export function makePcapngReader(sourceName: string, notes?: StreamNotes): PcapngReader {
  const interfaces = makeInterfaceList(maxKeptLength, notes !== undefined)
  const runs = makePacketRuns(interfaces)
  let failure: KcapError | undefined
  let littleEndian = true

  /** Position in the stream of the bytes that are being read. A position for each packet would exceed the small integers after 2 GiB. */
  let position = 0
  /** Fields of the block that was measured last. */
  let blockStart = 0
  let type = 0
  let blockLength = 0
  let interfaceId = 0
  let packetStart = 0
  let packetLength = 0
  let originalLength = 0
  /** Length of the packet's options, as far as they are read. */
  let optionsLength = 0
  /** Kept parts of a block that crosses the end of a chunk: its first `wantedLength` bytes, and its trailing length. */
  let pending = Buffer.alloc(0)
  let wantedLength = 0
  let pendingLength = 0
  const trailer = Buffer.alloc(trailerLength)

  function fail(what: 'block' | 'section' | 'interface' | 'packet', state: string): number {
    failure = corruptCapture(`the ${what} at byte ${position + blockStart} ${state}`, sourceName)
    return 0
  }

  /**
   * Checks the block at `at`, as far as it has arrived. Returns how many of its first bytes are needed to read it; the number may grow when those are
   * there. The same bytes fail in the same way, however they are cut.
   */
  function measureBlock(view: DataView, at: number, length: number): number {
    blockStart = at
    if (length < 8) return 8
    type = view.getUint32(at, littleEndian)
    if (type === blockTypes.sectionHeader) {
      if (length < 12) return 12
      const isLittle = isLittleEndianSection(view, at)
      if (isLittle === undefined)
        return fail('section', `has the unknown byte order ${view.getUint32(at + 8).toString(16)}`)
      littleEndian = isLittle
    }
    blockLength = view.getUint32(at + 4, littleEndian)
    switch (type) {
      case blockTypes.enhancedPacket:
      case blockTypes.obsoletePacket:
        return hasLength(packetHeaderLength) ? measurePacket(view, at, length) : 0
      case blockTypes.simplePacket:
        return hasLength(simplePacketHeaderLength) ? measureSimplePacket(view, at, length) : 0
      case blockTypes.interfaceDescription:
        if (!hasLength(16, maxKeptLength)) return 0
        if (interfaces.descriptions.length < maxInterfaces) return blockLength - trailerLength
        return fail('interface', `comes after ${maxInterfaces} others`)
      case blockTypes.interfaceStatistics:
        return hasLength(20, maxKeptLength) ? blockLength - trailerLength : 0
      case blockTypes.nameResolution:
      case blockTypes.decryptionSecrets:
        if (!hasLength(8)) return 0
        return notes !== undefined && blockLength <= maxNotesLength ? blockLength - trailerLength : 8
      case blockTypes.sectionHeader: {
        if (!hasLength(24, maxSectionHeaderLength)) return 0
        if (length < 16) return 16
        const version = findForeignVersion(view, at, littleEndian)
        return version === undefined ? 16 : fail('section', `is of version ${version}`)
      }
      default:
        return hasLength(8) ? 8 : 0
    }
  }

  function hasLength(headerLength: number, maxLength = Number.POSITIVE_INFINITY): boolean {
    if (blockLength % 4 === 0 && blockLength >= headerLength + trailerLength && blockLength <= maxLength) return true
    fail('block', `claims ${blockLength} bytes`)
    return false
  }

  function measurePacket(view: DataView, at: number, length: number): number {
    if (length < packetHeaderLength) return packetHeaderLength
    // The obsolete block has a shorter interface id, next to a count of drops.
    const id =
      type === blockTypes.obsoletePacket ? view.getUint16(at + 8, littleEndian) : view.getUint32(at + 8, littleEndian)
    packetLength = view.getUint32(at + 20, littleEndian)
    originalLength = view.getUint32(at + 24, littleEndian)
    if (!hasInterface(id) || !fits(packetHeaderLength)) return 0
    const end = packetHeaderLength + padded(packetLength)
    optionsLength = notes === undefined ? 0 : Math.max(0, blockLength - trailerLength - end)
    if (optionsLength > maxOptionsLength) optionsLength = 0
    return optionsLength > 0 ? blockLength - trailerLength : packetHeaderLength + packetLength
  }

  function measureSimplePacket(view: DataView, at: number, length: number): number {
    if (length < simplePacketHeaderLength) return simplePacketHeaderLength
    if (!hasInterface(0)) return 0
    const { snapLength } = interfaces.descriptions[interfaceId] as PcapngInterface
    originalLength = view.getUint32(at + 8, littleEndian)
    optionsLength = 0
    packetLength = Math.min(originalLength, snapLength)
    return fits(simplePacketHeaderLength) ? simplePacketHeaderLength + packetLength : 0
  }

  function hasInterface(id: number): boolean {
    interfaceId = interfaces.find(id) ?? -1
    if (interfaceId >= 0) return true
    fail('packet', `is of interface ${id}, which nothing describes`)
    return false
  }

  function fits(headerLength: number): boolean {
    packetStart = headerLength
    const isTooLong = packetLength > maxKeptLength
    if (!isTooLong && packetLength <= blockLength - headerLength - trailerLength) return true
    const place = isTooLong ? '' : ` in a block of ${blockLength}`
    fail('packet', `claims ${packetLength} bytes${place}`)
    return false
  }

  function endsAs(length: number): boolean {
    if (length === blockLength) return true
    fail('block', `claims ${blockLength} bytes at its start and ${length} at its end`)
    return false
  }

  /** Reads the block that was measured; `bytes` holds its wanted part at `at`. */
  function readBlock(bytes: Buffer, view: DataView, at: number): void {
    if (type === blockTypes.enhancedPacket || type === blockTypes.obsoletePacket || type === blockTypes.simplePacket) {
      if (optionsLength > 0) {
        const end = at + blockLength - trailerLength
        const comment = readComments(bytes, end - optionsLength, end, littleEndian)
        if (comment !== undefined) runs.begin(bytes, comment)
      }
      const row = runs.add(bytes, interfaceId, at + packetStart, packetLength, originalLength)
      const writeTime = interfaces.timeWriters[interfaceId] as TimeWriter
      // A simple packet has no time, and the row has none yet.
      const upper = type === blockTypes.simplePacket ? 0 : writeTime(runs.rows, row, view, at + 12, littleEndian)
      if (!runs.setUpperSeconds(bytes, upper)) fail('packet', 'has a time before 1970 or after 2554')
    } else if (type === blockTypes.sectionHeader) {
      interfaces.beginSection()
    } else if (type === blockTypes.nameResolution || type === blockTypes.decryptionSecrets) {
      if (notes !== undefined && blockLength <= maxNotesLength)
        readNotes(bytes.subarray(at, at + blockLength - trailerLength), littleEndian, notes)
    } else if (type === blockTypes.interfaceDescription || type === blockTypes.interfaceStatistics) {
      const block = bytes.subarray(at, at + blockLength - trailerLength)
      const isWhole =
        type === blockTypes.interfaceDescription
          ? interfaces.add(block, littleEndian)
          : interfaces.addCounters(block, littleEndian)
      if (!isWhole) fail('block', 'has an option that is longer than the rest of it')
    }
  }

  /** Reads the blocks that are complete in `bytes` from `start` on; returns the offset after them. */
  function readBlocks(bytes: Buffer, start: number): number {
    const view = viewBytes(bytes)
    position -= start
    let at = start
    while (at < bytes.length) {
      const left = bytes.length - at
      if (measureBlock(view, at, left) > left || failure !== undefined || blockLength > left) break
      if (!endsAs(view.getUint32(at + blockLength - trailerLength, littleEndian))) break
      readBlock(bytes, view, at)
      if (failure !== undefined) break
      at += blockLength
    }
    position += at
    runs.finish(bytes)
    return at
  }

  /** Continues the unfinished block; returns the offset in `chunk` after the bytes that it took. */
  function resumeBlock(chunk: Buffer, start: number): number {
    let at = start
    while (pendingLength < wantedLength) {
      const copied = chunk.copy(pending, pendingLength, at, at + wantedLength - pendingLength)
      pendingLength += copied
      at += copied
      if (pendingLength < wantedLength) return at
      wantedLength = measureBlock(viewBytes(pending), 0, pendingLength)
      if (failure !== undefined) return at
      if (wantedLength > pending.length) pending = growBytes(pending, wantedLength)
    }
    const skipped = Math.min(chunk.length - at, Math.max(0, blockLength - trailerLength - pendingLength))
    pendingLength += skipped
    at += skipped
    const trailerStart = pendingLength - (blockLength - trailerLength)
    if (trailerStart < 0) return at
    const copied = chunk.copy(trailer, trailerStart, at)
    pendingLength += copied
    at += copied
    if (pendingLength < blockLength) return at
    if (!endsAs(littleEndian ? trailer.readUInt32LE(0) : trailer.readUInt32BE(0))) return at
    readBlock(pending, viewBytes(pending), 0)
    runs.finish(pending)
    position += blockLength
    pendingLength = 0
    return at
  }

  return {
    interfaces: interfaces.descriptions,
    get firstHeader() {
      return interfaces.kinds[0]?.header
    },
    statistics: interfaces.counters,
    get pendingLength() {
      return pendingLength
    },
    get failure() {
      return failure
    },
    push(chunk) {
      if (failure !== undefined) return []
      interfaces.beginPush()
      if (position === 0 && pendingLength < sectionHeaderStart.length) {
        const start = Buffer.concat([pending.subarray(0, pendingLength), chunk])
        if (!sectionHeaderStart.subarray(0, start.length).equals(start.subarray(0, sectionHeaderStart.length))) {
          failure = notACapture(start, sourceName)
          return []
        }
      }
      let at = pendingLength > 0 ? resumeBlock(chunk, 0) : 0
      if (pendingLength === 0 && failure === undefined) at = readBlocks(chunk, at)
      if (failure === undefined && at < chunk.length) {
        pending = Buffer.allocUnsafe(packetHeaderLength)
        wantedLength = 8
        resumeBlock(chunk, at)
      }
      return runs.take()
    },
  }
}
