import type { PacketStreamHeader } from '../base/packet.ts'
import { compactBatch } from './compact-batch.ts'
import { makePcapReader, type PcapReader } from './pcap-reader.ts'
import { makePcapngReader } from './pcapng-reader.ts'
import type { StreamNotes } from './stream-notes.ts'

/** First byte of a section header block, the same in both byte orders. */
const sectionHeaderByte = 0x0a

/**
 * Makes a reader for a pcap, as tcpdump sends it, or a pcapng, as tshark and dumpcap do; the first byte shows which. With `notes`, a pcapng keeps its
 * interfaces, names, secrets and comments.
 */
export function makeCaptureReader(sourceName: string, notes?: StreamNotes): PcapReader {
  let reader: PcapReader | undefined
  return {
    get header() {
      return reader?.header
    },
    get failure() {
      return reader?.failure
    },
    get pendingLength() {
      return reader?.pendingLength ?? 0
    },
    push(chunk) {
      if (chunk.length === 0) return []
      reader ??= chunk[0] === sectionHeaderByte ? readAllInterfaces(sourceName, notes) : makePcapReader(sourceName)
      return reader.push(chunk).map(compactBatch)
    },
  }
}

/** Makes a reader of all interfaces. Its header is that of the first interface; batches with another header carry their own. */
function readAllInterfaces(sourceName: string, notes: StreamNotes | undefined): PcapReader {
  const reader = makePcapngReader(sourceName, notes)
  let header: PacketStreamHeader | undefined
  return {
    get header() {
      return header
    },
    get failure() {
      return reader.failure
    },
    get pendingLength() {
      return reader.pendingLength
    },
    push(chunk) {
      const runs = reader.push(chunk)
      header ??= reader.firstHeader
      return runs.map(({ batch, header: own }) => (own === header ? batch : { ...batch, header: own }))
    },
  }
}
