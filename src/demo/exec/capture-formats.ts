import { packetRow } from '../../base/packet.ts'
import { formatPcapHeader, formatPcapRecords } from '../../packets/pcap-writer.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../packets/pcapng-writer.ts'
import type { CaptureFormat } from './stream-capture.ts'

/** `tcpdump --time-stamp-precision=nano` */
export const nanoPcap: CaptureFormat = {
  header: (linkType, snapLength) => formatPcapHeader({ linkType, snapLength }),
  records: formatPcapRecords,
}

export const microPcap: CaptureFormat = {
  header(linkType, snapLength) {
    const header = nanoPcap.header(linkType, snapLength)
    header.writeUInt32LE(0xa1b2c3d4, 0)
    return header
  },
  records(batch) {
    const rows = batch.rows.map((word, i) =>
      i % packetRow.length === packetRow.nanoseconds ? Math.floor(word / 1000) : word,
    )
    return formatPcapRecords({ ...batch, rows })
  },
}

/** As dumpcap writes it. */
export function makePcapng(interfaceName: string, filter: string): CaptureFormat {
  return {
    header: (linkType, snapLength) =>
      Buffer.concat([
        formatSectionHeader({ application: 'Dumpcap (Wireshark) 4.4.7', os: 'Linux 6.1.0-40-amd64', comment: '' }),
        formatInterfaceDescription({ linkType, snapLength, name: interfaceName, description: '', filter }),
      ]),
    records(batch) {
      const runs = [{ interfaceId: 0, batch, from: 0, to: batch.count }]
      const bytes = Buffer.alloc(enhancedPacketsLength(runs))
      writeEnhancedPackets(bytes, 0, runs)
      return bytes
    },
  }
}
