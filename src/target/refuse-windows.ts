import { KcapError } from '../base/kcap-error.ts'

/**
 * Returns the error for a target on Windows. Windows containers have no raw sockets, and Windows nodes no tcpdump. The capture tool there is pktmon,
 * which writes into a file of the node.
 * https://learn.microsoft.com/windows-server/networking/technologies/pktmon/pktmon
 */
export function refuseWindows(name: string): KcapError {
  return new KcapError('windows-node', `cannot capture "${name}": it runs on Windows, where kcap cannot capture`, {
    hints: [
      'capture on the other end of its connections: a pod or node with Linux',
      'on the Windows node itself: pktmon start --capture, then pktmon etl2pcap',
    ],
  })
}
