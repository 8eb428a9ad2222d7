import type { PacketStreamHeader } from '../base/packet.ts'
import { compactBatch } from './compact-batch.ts'
import { makePcapReader, type PcapReader } from './pcap-reader.ts'
import { makePcapngReader } from './pcapng-reader.ts'

/** The type of a section header block, the same in both byte orders. */
const sectionHeaderByte = 0x0a

/** Reads a stream that is a pcap, as tcpdump sends it, or a pcapng, as tshark and dumpcap do; its first byte tells which. */
export function makeCaptureReader(sourceName: string): PcapReader {
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
      reader ??= chunk[0] === sectionHeaderByte ? readAllInterfaces(sourceName) : makePcapReader(sourceName)
      return reader.push(chunk).map(compactBatch)
    },
  }
}

/** The header is that of the first interface; batches of packets that another one describes carry theirs. */
function readAllInterfaces(sourceName: string): PcapReader {
  const reader = makePcapngReader(sourceName)
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
