import { capturedLength, type PacketRun, type PacketStreamHeader, packetRow } from '../base/packet.ts'
import { makeCopier } from './copy-bytes.ts'
import {
  blockTypes,
  formatBlock,
  formatOptions,
  makeCountOption,
  makeTextOption,
  makeTimestampOption,
  optionCodes,
  type PcapngOption,
  padded,
} from './pcapng-block.ts'

/** Bytes that an enhanced packet block without options adds to its packet. */
const enhancedPacketOverhead = 32

/** Formats a section header block. `comment` says who captured what, from where, how, and the command that repeats it. */
export function formatSectionHeader(section: { application: string; os: string; comment: string }): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(0x1a2b3c4d, 0)
  body.writeUInt16LE(1, 4)
  body.writeUInt16LE(0, 6)
  body.writeBigInt64LE(-1n, 8)
  return formatBlock(blockTypes.sectionHeader, body, [
    makeTextOption(optionCodes.comment, section.comment),
    makeTextOption(optionCodes.sectionOs, section.os),
    makeTextOption(optionCodes.sectionApplication, section.application),
  ])
}

export interface InterfaceDescription extends PacketStreamHeader {
  /** `shop/orders-6c9f any` */
  readonly name: string
  readonly description: string
  /** pcap filter expression; '' for none. */
  readonly filter: string
}

/** Formats an interface description block; time stamps of its packets are in nanoseconds. */
export function formatInterfaceDescription(description: InterfaceDescription): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt16LE(description.linkType, 0)
  body.writeUInt32LE(description.snapLength, 4)
  const options: PcapngOption[] = [
    makeTextOption(optionCodes.interfaceName, description.name),
    makeTextOption(optionCodes.interfaceDescription, description.description),
    { code: optionCodes.interfaceTimestampResolution, value: Buffer.from([9]) },
  ]
  if (description.filter !== '') {
    // The first byte 0 says that a filter string follows (draft §4.2).
    const filter = makeTextOption(optionCodes.interfaceFilter, `\0${description.filter}`)
    options.push(filter)
  }
  if (description.fcsBits !== undefined)
    options.push({ code: optionCodes.interfaceFcsLength, value: Buffer.from([description.fcsBits]) })
  return formatBlock(blockTypes.interfaceDescription, body, options)
}

/** Returns the length in bytes of what `writeEnhancedPackets` writes. */
export function enhancedPacketsLength(runs: readonly PacketRun[]): number {
  let length = 0
  for (const { batch, from, to, comment } of runs) {
    length += (to - from) * enhancedPacketOverhead
    for (let i = from; i < to; i++) length += padded(capturedLength(batch, i))
    if (comment !== undefined) length += formatComment(comment).length
  }
  return length
}

/** Writes the packets as enhanced packet blocks, from `at` on. */
export function writeEnhancedPackets(out: Buffer, at: number, runs: readonly PacketRun[]): void {
  const view = new DataView(out.buffer, out.byteOffset, out.length)
  const copier = makeCopier(out)
  let lastSeconds = -1
  let lastUpperNs = 0
  let baseHigh = 0
  let baseLow = 0
  for (const { interfaceId, batch, from, to, comment } of runs) {
    const { bytes, rows } = batch
    copier.select(bytes, interfaceId)
    // 2^32 seconds are 1e9 in the upper word.
    const upperNs = (batch.upperSeconds ?? 0) * 1e9
    if (upperNs !== lastUpperNs) lastSeconds = -1
    lastUpperNs = upperNs
    const end = to * packetRow.length
    let options = comment === undefined ? noOptions : formatComment(comment)
    for (let row = from * packetRow.length; row < end; row += packetRow.length) {
      const seconds = rows[row + packetRow.seconds] as number
      if (seconds !== lastSeconds) {
        // seconds * 1e9 needs 64 bits, and a double holds 53: multiply in halves. Packets of the same second share the result.
        const upper = Math.floor(seconds / 65_536) * 1e9
        const lower = (upper % 65_536) * 65_536 + (seconds % 65_536) * 1e9
        baseLow = lower % 4_294_967_296
        baseHigh = upperNs + Math.floor(upper / 65_536) + Math.floor(lower / 4_294_967_296)
        lastSeconds = seconds
      }
      const low = baseLow + (rows[row + packetRow.nanoseconds] as number)
      const carries = low >= 4_294_967_296
      const capturedLength = rows[row + packetRow.capturedLength] as number
      const paddedEnd = at + 28 + padded(capturedLength)
      const length = enhancedPacketOverhead + padded(capturedLength) + options.length
      // The buffer is reused: the padding must not carry old packets into the file. A packet without bytes has no padding, and its word is written
      // again below.
      view.setUint32(paddedEnd - 4, 0, true)
      view.setUint32(at, blockTypes.enhancedPacket, true)
      view.setUint32(at + 4, length, true)
      view.setUint32(at + 8, interfaceId, true)
      view.setUint32(at + 12, carries ? baseHigh + 1 : baseHigh, true)
      view.setUint32(at + 16, carries ? low - 4_294_967_296 : low, true)
      view.setUint32(at + 20, capturedLength, true)
      view.setUint32(at + 24, rows[row + packetRow.originalLength] as number, true)
      copier.copy(rows[row + packetRow.offset] as number, at + 28, capturedLength)
      if (options.length > 0) out.set(options, paddedEnd)
      options = noOptions
      view.setUint32(at + length - 4, length, true)
      at += length
    }
  }
}

const noOptions = Buffer.alloc(0)

function formatComment(comment: string): Buffer {
  return formatOptions([makeTextOption(optionCodes.comment, comment)])
}

export interface InterfaceStatistics {
  readonly interfaceId: number
  readonly startNs: bigint
  readonly endNs: bigint
  /** Packets written to this file. */
  readonly delivered: number
  /** Packets that passed the filter on the remote host, as its kernel counts them; undefined when unknown. */
  readonly received: number | undefined
  readonly dropped: number | undefined
}

/** Formats an interface statistics block. */
export function formatInterfaceStatistics(statistics: InterfaceStatistics): Buffer {
  const body = Buffer.alloc(12)
  body.writeUInt32LE(statistics.interfaceId, 0)
  makeTimestampOption(0, statistics.endNs).value.copy(body, 4)
  const options = [
    makeTimestampOption(optionCodes.statisticsStartTime, statistics.startNs),
    makeTimestampOption(optionCodes.statisticsEndTime, statistics.endNs),
  ]
  if (statistics.received !== undefined)
    options.push(makeCountOption(optionCodes.statisticsReceived, statistics.received))
  if (statistics.dropped !== undefined) options.push(makeCountOption(optionCodes.statisticsDropped, statistics.dropped))
  options.push(makeCountOption(optionCodes.statisticsDelivered, statistics.delivered))
  return formatBlock(blockTypes.interfaceStatistics, body, options)
}
