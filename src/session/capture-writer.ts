import type { AddressName } from '../base/address-name.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PacketRun, PacketStreamHeader } from '../base/packet.ts'
import type { ByteOutput } from '../output/byte-output.ts'
import { formatPcapHeader, pcapRecordsLength, writePcapRecords } from '../packets/pcap-writer.ts'
import { formatNameResolution } from '../packets/pcapng-names.ts'
import { formatTlsSecrets } from '../packets/pcapng-secrets.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatInterfaceStatistics,
  formatSectionHeader,
  type InterfaceStatistics,
  writeEnhancedPackets,
} from '../packets/pcapng-writer.ts'
import { findWholeBlocks, findWholeRecords, type WholePart } from '../packets/whole-part.ts'
import { makeWriteBuffer } from './write-buffer.ts'

/**
 * One file or stream with the packets of all sources. Each call writes whole blocks in one piece and waits while the reader is slow. Calls are served
 * in order. They return false once nobody reads any more.
 * @throws {KcapError} output-* — when this write or an earlier one failed
 */
export interface CaptureWriter {
  /** Writes what a live reader can have before there is a source; settles when the reader has it. */
  begin(): Promise<boolean>
  /**
   * Adds an interface; returns the id that its packets have.
   * @throws {KcapError} usage — when a pcap can't hold the source's link type or frame check sequence
   */
  addInterface(added: OutputInterface): Promise<number>
  /**
   * Adds resolved names that later packets can use; `addTlsSecrets` does the same with secrets. Before the first packet, both are held back until the
   * interfaces are written. A pcap has no place for either.
   */
  addNames(names: readonly AddressName[]): Promise<void>
  addTlsSecrets(lines: string): Promise<void>
  writeRuns(runs: readonly PacketRun[]): boolean | Promise<boolean>
  /** Writes the statistics; settles when the kernel has all bytes. */
  finish(statistics: readonly InterfaceStatistics[]): Promise<boolean>
  /** Bytes written so far: those of packets, and all others in `header`. */
  readonly written: { readonly header: number; readonly packets: number }
  /** Packets that the kernel has, even if a later write failed. */
  readonly savedPackets: number
  /** Bytes of the output that the kernel has, in the files that still exist. */
  readonly savedBytes: number
  /** Bytes that the output adds to each packet. */
  readonly packetOverhead: number
  /** Maximum number of bytes that `finish` writes for each interface. */
  readonly statisticsLength: number
  /** Whether the format has no place for times after 2106. */
  readonly endsIn2106: boolean
}

/** An interface of the output. */
export interface OutputInterface {
  readonly header: PacketStreamHeader
  /** `shop/orders-6c9f any` */
  readonly name: string
  readonly description: string
  /** Capture filter of its packets; undefined means the filter of the whole capture. */
  readonly filter?: string
}

export interface SectionDescription {
  readonly application: string
  readonly os: string
  readonly comment: string
  readonly filter: string
}

/** Maximum number of bytes of names and secrets that wait for the first packet: enough for 100,000 conversations. */
const maxWaitingBytes = 16 * 1024 * 1024

/** Makes the buffer in front of the output, and counts the bytes that pass through it. */
function makeCountedBuffer(output: ByteOutput, findWhole: (part: Buffer, position: number) => WholePart) {
  const buffer = makeWriteBuffer(output, findWhole)
  const written = { header: 0, packets: 0 }
  return {
    written,
    drain: buffer.drain,
    savedPackets: () => buffer.savedPackets,
    async appendHeader(bytes: Buffer): Promise<boolean> {
      written.header += bytes.length
      return await buffer.append(bytes.length, 0, (out, at) => out.set(bytes, at))
    },
    appendPackets(
      runs: readonly PacketRun[],
      length: number,
      fill: (out: Buffer, at: number) => void,
    ): boolean | Promise<boolean> {
      written.packets += length
      return buffer.append(length, countPackets(runs), fill)
    },
  }
}

function countPackets(runs: readonly PacketRun[]): number {
  let count = 0
  for (const { from, to } of runs) count += to - from
  return count
}

export function makePcapngWriter(output: ByteOutput, section: SectionDescription): CaptureWriter {
  const buffer = makeCountedBuffer(output, findWholeBlocks)
  let begun: Promise<unknown> | undefined
  let sourceCount = 0
  /**
   * Names and secrets that wait for the first packet; only the newest when there are too many. Wireshark's programs that rewrite files refuse, up to
   * 4.0, such blocks before the first interface (wiretap/wtap.c, `wtap_dump_can_write`). reordercap knows only the interfaces that follow each other
   * at the beginning.
   */
  let waiting: Buffer[] | undefined = []
  const writeSectionHeader = () => {
    begun ??= buffer.appendHeader(formatSectionHeader(section))
    return begun
  }
  let waitingBytes = 0
  const writeBlock = async (block: Buffer) => {
    if (waiting === undefined) return void (await buffer.appendHeader(block))
    waiting.push(block)
    waitingBytes += block.length
    while (waitingBytes > maxWaitingBytes) waitingBytes -= waiting.shift()?.length ?? 0
  }
  const writeWaiting = () => {
    const blocks = waiting ?? []
    waiting = undefined
    waitingBytes = 0
    // The next call reports a failure too.
    if (blocks.length > 0) void buffer.appendHeader(Buffer.concat(blocks)).catch(() => {})
  }
  return {
    async begin() {
      await writeSectionHeader()
      return await buffer.drain()
    },
    async addInterface({ header, name, description, filter = section.filter }) {
      const id = sourceCount++
      // The order of the blocks determines the interface ids, so both must be queued before anything else can be.
      const ready = writeSectionHeader()
      const block = formatInterfaceDescription({ ...header, name, description, filter })
      await Promise.all([ready, buffer.appendHeader(block)])
      return id
    },
    async addNames(names) {
      const block = formatNameResolution(names)
      if (block !== undefined) await writeBlock(block)
    },
    addTlsSecrets: (lines) => writeBlock(formatTlsSecrets(lines)),
    writeRuns(runs) {
      if (waiting !== undefined) writeWaiting()
      return buffer.appendPackets(runs, enhancedPacketsLength(runs), (out, at) => writeEnhancedPackets(out, at, runs))
    },
    async finish(statistics) {
      // Names and secrets without an interface do not make a capture.
      if (waiting !== undefined && sourceCount > 0) writeWaiting()
      if (statistics.length > 0) await buffer.appendHeader(Buffer.concat(statistics.map(formatInterfaceStatistics)))
      return await buffer.drain()
    },
    get written() {
      const { header, packets } = buffer.written
      return { header: header + waitingBytes, packets }
    },
    get savedPackets() {
      return buffer.savedPackets()
    },
    get savedBytes() {
      return buffer.written.header + buffer.written.packets
    },
    // Includes the padding, so that the output never exceeds a limit.
    packetOverhead: 35,
    endsIn2106: false,
    statisticsLength: formatInterfaceStatistics({
      interfaceId: 0,
      startNs: 0n,
      endNs: 0n,
      received: 0,
      dropped: 0,
      delivered: 0,
    }).length,
  }
}

/** Makes a writer of pcap. The format has one header for all packets, so all sources must have the same link type. */
export function makePcapWriter(output: ByteOutput): CaptureWriter {
  const buffer = makeCountedBuffer(output, (part, position) => findWholeRecords(part, position === 0))
  let first: PacketStreamHeader | undefined
  let begun: Promise<boolean> | undefined
  let sourceCount = 0
  return {
    begin: async () => true,
    async addInterface({ name, header }) {
      first ??= header
      const difference = findDifference(header, first)
      if (difference !== undefined)
        throw new KcapError('usage', `cannot write "${name}" into the same pcap: ${difference} of the others`, {
          hints: ['--format pcapng', 'name one interface that all targets have: --iface eth0'],
        })
      // Not in the file: callers count packets by source with it.
      const id = sourceCount++
      begun ??= buffer.appendHeader(formatPcapHeader(header))
      await begun
      return id
    },
    addNames: async () => {},
    addTlsSecrets: async () => {},
    writeRuns: (runs) =>
      buffer.appendPackets(runs, pcapRecordsLength(runs), (out, at) => writePcapRecords(out, at, runs)),
    finish: () => buffer.drain(),
    written: buffer.written,
    get savedPackets() {
      return buffer.savedPackets()
    },
    get savedBytes() {
      return buffer.written.header + buffer.written.packets
    },
    packetOverhead: 16,
    endsIn2106: true,
    statisticsLength: 0,
  }
}

/** Returns how a header differs from the first in what a pcap has only once; undefined when it does not. */
function findDifference(header: PacketStreamHeader, first: PacketStreamHeader): string | undefined {
  if (header.linkType !== first.linkType) return `its link type ${header.linkType} is not the ${first.linkType}`
  if (header.fcsBits === first.fcsBits) return undefined
  const [own, other] = [header, first].map(({ fcsBits }) => (fcsBits === undefined ? 'unknown' : `${fcsBits} bits`))
  return `the length of its frame check sequence, ${own}, is not the ${other}`
}
