import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { expect, vi } from 'vitest'
import { lab, runLab, tshark } from './lab.ts'

// tcpdump on the node sees every packet, even when captures or the network fail.

export interface SeenPacket {
  readonly timeSeconds: number
  readonly interfaceName: string
  /** Addresses it went from and to. */
  readonly between: readonly string[]
  /** The address at the lower port. */
  readonly server: string
  /** Distinguishes it from all others. */
  readonly what: string
  readonly comment: string
}

/** Starts tcpdump on an interface of the node. Resolves once it captures, with a function that stops it. */
export async function startWitness(interfaceName: string, filter: string, file: string): Promise<() => Promise<void>> {
  const tcpdump = `tcpdump -i ${interfaceName} -U -w - '${filter}'`
  const command = `exec "${lab.command}" node-exec timeout -s INT 300 ${tcpdump} > "${file}" 2>/dev/null`
  const child = spawn('sh', ['-c', command], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  // tcpdump writes its header when it has opened the interface.
  await vi.waitFor(async () => expect((await stat(file)).size).toBeGreaterThan(0), { timeout: 10_000 })
  return async () => {
    await runLab('node-exec', 'pkill', '-INT', '-f', `tcpdump -i ${interfaceName} -U -w - ${filter}`)
    await ended
  }
}

const identity = ['tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.flags', 'tcp.len', 'ip.id']
const fields = ['frame.time_epoch', 'frame.interface_name', 'frame.comment', 'ip.src', 'ip.dst', ...identity]

/** Returns the TCP packets of a file in its order. */
export async function readSeenPackets(file: string): Promise<SeenPacket[]> {
  const text = await tshark(file, '-Y', 'tcp', '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [time, interfaceName = '', comment = '', ...what] = line.split('\t')
      const [from = '', to = '', fromPort, toPort] = what
      const server = Number(fromPort) < Number(toPort) ? from : to
      return {
        timeSeconds: Number(time),
        interfaceName,
        between: [from, to],
        server,
        what: what.join(' '),
        comment,
      }
    })
}
