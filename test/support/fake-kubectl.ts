import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { formatPcap } from './packets.ts'

/**
 * A `kubectl` whose `exec` runs the words behind `--` on this machine, and a tcpdump that captures 20 packets and ends; both in one folder. The
 * demo cluster speaks no SPDY, which the real one would need.
 */
export async function makeFakeKubectl(folder: string): Promise<{ folder: string; tcpdump: string; calls: string }> {
  const place = await mkdtemp(path.join(folder, 'kubectl-'))
  const calls = path.join(place, 'calls')
  const pcap = path.join(place, 'packets.pcap')
  const packets = Array.from({ length: 20 }, (_, i) => ({
    seconds: Math.floor(Date.now() / 1000),
    nanoseconds: i,
    data: Buffer.alloc(60, i),
    originalLength: 60,
  }))
  await writeFile(pcap, formatPcap(packets, { littleEndian: true, nanosecond: true }))
  const tools = {
    kubectl: `echo "$0 $*" >>'${calls}'\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"`,
    tcpdump: `echo "tcpdump: listening on any, link-type EN10MB (Ethernet)" >&2\ncat '${pcap}'\necho "20 packets captured" >&2\nexec sleep 5`,
  }
  for (const [name, body] of Object.entries(tools)) {
    await writeFile(path.join(place, name), `#!/bin/sh\n${body}\n`)
    await chmod(path.join(place, name), 0o755)
  }
  return { folder: place, tcpdump: path.join(place, 'tcpdump'), calls }
}
