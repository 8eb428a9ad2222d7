import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { kubectl, lab, runLab } from '../real/lab.ts'
import { formatPcap } from '../support/packets.ts'

const captureBytes = 100_000_000
const repeats = 10
/** Size of its output: 1 GB. */
export const fastTcpdumpBytes = captureBytes * repeats

const generator = `#!/bin/sh
head -c 24 /tmp/bench.pcap
i=0; while [ $i -lt ${repeats} ]; do tail -c +25 /tmp/bench.pcap; i=$((i+1)); done
`

/**
 * Puts a `tcpdump` on the lab's node, and into the container `api` of a named pod, that sends the same 1 GB as fast as its reader
 * takes it. So the benchmark measures the route and not the kernel. Returns a function that removes it.
 */
export async function installFastTcpdump(folder: string, pod?: string): Promise<() => Promise<void>> {
  writeFileSync(path.join(folder, 'bench.pcap'), makeCapture())
  writeFileSync(path.join(folder, 'tcpdump'), generator)
  const places = [
    ['bench.pcap', '/tmp', '644'],
    ['tcpdump', '/usr/local/sbin', '755'],
  ] as const
  for (const [name, target, mode] of places) {
    const input = execFileSync('cat', [path.join(folder, name)], { maxBuffer: 1e9 })
    const put = (into: string) => `mkdir -p ${into} && cat > ${into}/${name} && chmod ${mode} ${into}/${name}`
    if (pod !== undefined) {
      const exec = ['--kubeconfig', lab.kubeconfig, '-n', 'shop', 'exec', '-i', pod, '-c', 'api', '--']
      execFileSync(lab.kubectl, [...exec, 'sh', '-c', put(target)], { input })
    }
    // The node's file system is this machine's: only its own mount namespace may see the generator.
    const onNode = target === '/tmp' ? target : '/tmp/bench-bin'
    execFileSync(lab.command, ['node-exec', 'sh', '-c', put(onNode)], { input })
  }
  await runLab('node-exec', 'mount', '--bind', '/tmp/bench-bin', '/usr/local/sbin')
  return async () => {
    const files = ['/usr/local/sbin/tcpdump', '/tmp/bench.pcap']
    if (pod !== undefined) await kubectl('-n', 'shop', 'exec', pod, '-c', 'api', '--', 'rm', '-f', ...files)
    await runLab('node-exec', 'umount', '/usr/local/sbin')
    await runLab('node-exec', 'rm', '-rf', '/tmp/bench-bin', '/tmp/bench.pcap')
  }
}

function makeCapture(): Buffer {
  const options = { littleEndian: true, nanosecond: true }
  const packets = [60, 66, 150, 590, 1514, 1514, 1514].map((size, i) => ({
    seconds: 1_700_000_000,
    nanoseconds: i * 1000,
    data: Buffer.alloc(size, i),
    originalLength: size,
  }))
  const round = formatPcap(packets, options).subarray(24)
  const rounds = Array<Buffer>(Math.floor(captureBytes / round.length)).fill(round)
  return Buffer.concat([formatPcap([], options), ...rounds])
}
