import { packetRow } from '../../base/packet.ts'
import { formatPcapHeader, formatPcapRecords } from '../../packets/pcap-writer.ts'
import type { CaptureFormat } from './capture-program.ts'

/** Format of `tcpdump --time-stamp-precision=nano`. */
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
