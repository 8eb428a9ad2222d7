import type { KcapError } from '../base/kcap-error.ts'
import type { PacketBatch, PacketStreamHeader } from '../base/packet.ts'
import { corruptCapture } from './capture-errors.ts'
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
      reader ??= chunk[0] === sectionHeaderByte ? readFirstInterface(sourceName) : makePcapReader(sourceName)
      return reader.push(chunk).map(compactBatch)
    },
  }
}

/** A capture on one interface has one; more are taken for it as long as their packets are of one link type. */
function readFirstInterface(sourceName: string): PcapReader {
  const reader = makePcapngReader(sourceName)
  let failure: KcapError | undefined
  let header: PacketStreamHeader | undefined
  return {
    get header() {
      return header
    },
    get failure() {
      return failure ?? reader.failure
    },
    get pendingLength() {
      return reader.pendingLength
    },
    push(chunk) {
      const batches: PacketBatch[] = []
      if (failure !== undefined) return batches
      const runs = reader.push(chunk)
      header ??= reader.interfaces[0]
      for (const { interfaceId, batch } of runs) {
        const linkType = reader.interfaces[interfaceId]?.linkType
        if (linkType !== header?.linkType) {
          failure = corruptCapture(
            `interface ${interfaceId} has the link type ${linkType}, the first has ${header?.linkType}`,
            sourceName,
          )
          break
        }
        batches.push(batch)
      }
      return batches
    },
  }
}
