import { execFile } from 'node:child_process'
import { readFile, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeAll, expect } from 'vitest'
import { type DemoFixture, openDemoFixture } from '../support/demo.ts'
import { startKcap } from '../support/run-kcap.ts'
import { wiresharkTest } from './wireshark-window.ts'

const run = promisify(execFile)

/** 200 are run by hand: KCAP_KILL_ROUNDS=200. */
const rounds = Number(process.env.KCAP_KILL_ROUNDS ?? 12)
const ways: readonly (readonly string[])[] = [
  ['prod/orders-6c9f'],
  ['svc/orders', '-n', 'prod', '--rotate-size', '2MB', '--rotate-files', '3'],
  ['prod/orders-6c9f', '--format', 'pcap'],
]

let demo: DemoFixture
let kubeconfig = ''
beforeAll(async () => {
  demo = await openDemoFixture({ packetsPerSecond: Number.POSITIVE_INFINITY })
  kubeconfig = await demo.kubeconfig()
})

/** The file, or of a ring the newest. */
async function findFile(name: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', `ls -t "$1"* | head -1`, 'sh', name.replace(/\.\w+$/, '')])
  return stdout.trim()
}

/** Bytes after the last whole block of a pcapng file, or the last whole packet of a pcap file. */
function countCutBytes(bytes: Buffer, isPcap: boolean): number {
  let end = isPcap ? 24 : 0
  while (true) {
    const length = isPcap
      ? end + 16 <= bytes.length && 16 + bytes.readUInt32LE(end + 8)
      : end + 8 <= bytes.length && bytes.readUInt32LE(end + 4)
    if (length === false || end + length > bytes.length) return bytes.length - end
    end += length
  }
}

/**
 * kcap passes whole blocks to each write. But a kernel that kills a process in the middle of a write stops between two pages of it
 * (`generic_perform_write`, mm/filemap.c), which nothing in the process can prevent. So one packet is truncated, and the file then
 * ends with a page.
 */
const pageBytes = 4_096

wiresharkTest(
  'killed at any moment, kcap leaves whole packets, except the last one where the kernel left a write half done',
  async () => {
    let packets = 0
    const cuts: number[] = []
    for (let round = 0; round < rounds; round++) {
      const way = ways[round % ways.length] ?? []
      const name = path.join(demo.folder, `${round}.${way.includes('pcap') ? 'pcap' : 'pcapng'}`)
      const { child, ended } = startKcap([...way, '-q', '-o', name], { KUBECONFIG: kubeconfig })
      const hasBegun = async () =>
        (
          await findFile(name)
            .then(stat)
            .catch(() => undefined)
        )?.size
      while (!(await hasBegun())) await sleep(20)
      await sleep(Math.random() * 400)
      child.kill('SIGKILL')
      await ended
      const file = await findFile(name)
      const bytes = await readFile(file)
      const cutBytes = countCutBytes(bytes, way.includes('pcap'))
      if (cutBytes > 0) {
        cuts.push(cutBytes)
        expect([file, bytes.length % pageBytes, cutBytes < 70_000]).toEqual([file, 0, true])
        await truncate(file, bytes.length - cutBytes)
      }
      const { stdout, stderr } = await run('capinfos', ['-M', '-c', file])
      expect(`${round} ${way.join(' ')}: ${stderr}`).toBe(`${round} ${way.join(' ')}: `)
      packets += Number(/Number of packets:\s+(\d+)/.exec(stdout)?.[1])
      await run('sh', ['-c', 'rm -f "$1"*', 'sh', name.replace(/\.\w+$/, '')])
    }
    if (cuts.length > 0)
      console.info(`${cuts.length} of ${rounds} files cut in their last packet, after ${cuts.join(', ')} bytes of it`)
    expect(packets).toBeGreaterThan(rounds * 100)
  },
  rounds * 15_000,
)
