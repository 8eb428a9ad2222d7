import { spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect } from 'vitest'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { capinfos, expectNoCaptures, lab, realTest, runLab, tshark } from './lab.ts'

/** The node's small HTTP server, which is asked something five times a second. */
const traffic = ['-i', 'lo', '--port', '18080']
/** Before it takes its first packet and after its last, the far side's tcpdump may be behind by so much. */
const edgeSeconds = 2

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

interface Seen {
  readonly timeSeconds: number
  /** What tells a packet from all others. */
  readonly what: string
}

async function readPackets(file: string): Promise<Seen[]> {
  const fields = ['frame.time_epoch', 'tcp.srcport', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.flags', 'tcp.len', 'ip.id']
  const text = await tshark(file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [time, ...what] = line.split('\t')
      return { timeSeconds: Number(time), what: what.join(' ') }
    })
}

/** All of it, as a tcpdump on the node itself sees it, whatever becomes of the network. */
function startWitness(file: string) {
  const command = `exec "${lab.command}" node-exec timeout -s INT 150 tcpdump -i lo -U -w - 'port 18080' > "${file}" 2>/dev/null`
  const child = spawn('sh', ['-c', command], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return async () => {
    await runLab('node-exec', 'pkill', '-INT', '-f', 'tcpdump -i lo -U -w - port 18080')
    await ended
  }
}

function widestGap(packets: readonly Seen[]): { from: number; to: number } {
  let gap = { from: 0, to: 0 }
  packets.forEach(({ timeSeconds: to }, index) => {
    const from = packets[index - 1]?.timeSeconds ?? to
    if (to - from > gap.to - gap.from) gap = { from, to }
  })
  return gap
}

/** What is in the witness's file and not in this one, though it passed outside the gap. */
function findMissing(got: readonly Seen[], all: readonly Seen[], gap: { from: number; to: number }): Seen[] {
  const known = new Set(got.map(({ what }) => what))
  const [first = 0, last = 0] = [got[0]?.timeSeconds, got.at(-1)?.timeSeconds]
  return all.filter(
    ({ timeSeconds, what }) =>
      timeSeconds > first &&
      timeSeconds < last &&
      (timeSeconds < gap.from - edgeSeconds || timeSeconds > gap.to) &&
      !known.has(what),
  )
}

realTest('a capture of 60 s through two hops, cut for 15 s, lacks only what passed in the gap', async () => {
  const clients = ['ssh2', 'openssh'].map((name) => ({ name, file: path.join(folder, `${name}.pcapng`) }))
  const witness = path.join(folder, 'witness.pcap')
  const stopWitness = startWitness(witness)
  const hops = ['--ssh-config', lab.sshConfig, '--jump-host', 'jump,node-via-jump']
  const identity = path.join(lab.sshFolder, 'id_root')
  const host = ['--ssh-host', 'node-ip', '--ssh-port', '2222', '--ssh-user', 'root', '--identity', identity]
  try {
    const runs = clients.map(({ name, file }) =>
      startKcap([...host, ...hops, '--ssh-client', name, ...traffic, '--duration', '60', '-o', file]),
    )
    await sleep(15_000)
    await runLab('fault', 'cut-node')
    await sleep(15_000)
    await runLab('fault', 'heal-node')
    for (const { ended } of runs) {
      const { code, stderr } = await ended
      expect(code, stderr).toBe(0)
      expect(stderr).toMatch(/cannot go on .*; trying again/)
    }
  } finally {
    await runLab('fault', 'heal-node')
    await stopWitness()
  }
  const all = await readPackets(witness)
  for (const { file } of clients) {
    expect(await capinfos(file)).toMatch(/Number of interfaces in file: 1\n/)
    const got = await readPackets(file)
    const gap = widestGap(got)
    const gapSeconds = gap.to - gap.from
    expect(gapSeconds).toBeGreaterThan(10)
    expect(gapSeconds).toBeLessThan(45)
    expect(findMissing(got, all, gap)).toEqual([])
    expect((got.at(-1)?.timeSeconds ?? 0) - (got[0]?.timeSeconds ?? 0)).toBeGreaterThan(55)
    const comments = await tshark(file, '-Y', 'frame.comment', '-T', 'fields', '-e', 'frame.comment')
    const [, told] =
      /^the capture of ssh:\S+ broke off: about (\d+\.\d) s are missing before this packet\n$/.exec(comments) ?? []
    expect(Math.abs(Number(told) - gapSeconds)).toBeLessThan(6)
  }
  await expectNoCaptures()
})
