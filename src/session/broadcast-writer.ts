import type { PacketRun } from '../base/packet.ts'
import type { Broadcast } from '../output/broadcast.ts'
import { formatNameResolution } from '../packets/pcapng-names.ts'
import { formatTlsSecrets } from '../packets/pcapng-secrets.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatInterfaceStatistics,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../packets/pcapng-writer.ts'
import type { CaptureWriter, SectionDescription } from './capture-writer.ts'

/** The part of a `CaptureWriter` that readers see. */
export type BroadcastWriter = Pick<CaptureWriter, 'addInterface' | 'addNames' | 'addTlsSecrets' | 'finish'> & {
  /** Never waits: a slow reader loses packets. */
  writeRuns(runs: readonly PacketRun[]): void
}

/** Makes a writer of pcapng whose readers join and leave. Interface ids are those that a file of the same sources has. */
export function makeBroadcastWriter(broadcast: Broadcast, section: SectionDescription): BroadcastWriter {
  broadcast.publishHeader(formatSectionHeader(section))
  let sourceCount = 0
  return {
    async addInterface({ header, name, description, filter = section.filter }) {
      const block = formatInterfaceDescription({ ...header, name, description, filter })
      broadcast.publishHeader(block)
      return sourceCount++
    },
    async addNames(names) {
      const block = formatNameResolution(names)
      if (block !== undefined) broadcast.publishNames(block)
    },
    async addTlsSecrets(lines) {
      broadcast.publishNames(formatTlsSecrets(lines))
    },
    writeRuns(runs) {
      if (broadcast.readerCount === 0) return
      // Slow: pooled memory would be shared with what lives shorter.
      const bytes = Buffer.allocUnsafeSlow(enhancedPacketsLength(runs))
      writeEnhancedPackets(bytes, 0, runs)
      broadcast.publish({ bytes, packets: runs.reduce((count, { from, to }) => count + to - from, 0) })
    },
    async finish(statistics) {
      const bytes = Buffer.concat(statistics.map(formatInterfaceStatistics))
      if (bytes.length > 0) broadcast.publish({ bytes, packets: 0 })
      broadcast.end()
      return true
    },
  }
}

/** Returns a writer that writes to `writer`, and to readers at the same time. Only the former is waited for and counted. */
export function addReaders(writer: CaptureWriter, readers: BroadcastWriter): CaptureWriter {
  return {
    begin: writer.begin,
    async addInterface(added) {
      const [id] = await Promise.all([writer.addInterface(added), readers.addInterface(added)])
      return id
    },
    async addNames(names) {
      await Promise.all([writer.addNames(names), readers.addNames(names)])
    },
    async addTlsSecrets(lines) {
      await Promise.all([writer.addTlsSecrets(lines), readers.addTlsSecrets(lines)])
    },
    writeRuns(runs) {
      readers.writeRuns(runs)
      return writer.writeRuns(runs)
    },
    async finish(statistics) {
      const [isWritten] = await Promise.all([writer.finish(statistics), readers.finish(statistics)])
      return isWritten
    },
    get written() {
      return writer.written
    },
    get savedPackets() {
      return writer.savedPackets
    },
    get savedBytes() {
      return writer.savedBytes
    },
    packetOverhead: writer.packetOverhead,
    statisticsLength: writer.statisticsLength,
    endsIn2106: writer.endsIn2106,
  }
}
