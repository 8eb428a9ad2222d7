import type { CaptureFormat } from '../../../src/demo/exec/capture-program.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../../src/packets/pcapng-writer.ts'

/** Formats a pcapng as dumpcap does. */
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
