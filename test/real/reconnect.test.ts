import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect } from 'vitest'
import { startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { capinfos, expectNoCaptures, lab, realTest, runLab, tshark } from './lab.ts'
import { readSeenPackets, type SeenPacket, startWitness } from './witness.ts'

/** The node's small HTTP server, which is asked something five times a second. */
const traffic = ['-i', 'lo', '--port', '18080']
/** Before it takes its first packet and after its last, the remote side's tcpdump may be behind by so much. */
const edgeSeconds = 2
/** Above the 15 s without a word, counted every 5 s, after which a capture is given up: a shorter cut may be one that nobody has noticed. */
const cutSeconds = 22

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

function widestGap(packets: readonly SeenPacket[]): { from: number; to: number } {
  let gap = { from: 0, to: 0 }
  packets.forEach(({ timeSeconds: to }, index) => {
    const from = packets[index - 1]?.timeSeconds ?? to
    if (to - from > gap.to - gap.from) gap = { from, to }
  })
  return gap
}

/** Returns the packets of the witness that are not in this file, though they passed outside the gap. */
function findMissing(
  got: readonly SeenPacket[],
  all: readonly SeenPacket[],
  gap: { from: number; to: number },
): SeenPacket[] {
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

realTest('a capture of 70 s through two hops, cut for 22 s, lacks only the packets of the gap', async () => {
  const clients = ['ssh2', 'openssh'].map((name) => ({ name, file: path.join(folder, `${name}.pcapng`) }))
  const witness = path.join(folder, 'witness.pcap')
  const stopWitness = await startWitness('lo', 'port 18080', witness)
  const hops = ['--ssh-config', lab.sshConfig, '--jump-host', 'jump,node-via-jump']
  const identity = path.join(lab.sshFolder, 'id_root')
  const host = ['--ssh-host', 'node-ip', '--ssh-port', '2222', '--ssh-user', 'root', '--identity', identity]
  try {
    const runs = clients.map(({ name, file }) =>
      startKcap([...host, ...hops, '--ssh-client', name, ...traffic, '--duration', '70', '-o', file]),
    )
    await sleep(15_000)
    await runLab('fault', 'cut-node')
    await sleep(cutSeconds * 1_000)
    await runLab('fault', 'heal-node')
    for (const { ended } of runs) {
      const { code, stderr } = await ended
      expect(code, stderr).toBe(0)
      expect(stderr).toMatch(/cannot continue .*; trying again/)
    }
  } finally {
    await runLab('fault', 'heal-node')
    await stopWitness()
  }
  const all = await readSeenPackets(witness)
  for (const { file } of clients) {
    expect(await capinfos(file)).toMatch(/Number of interfaces in file: 1\n/)
    const got = await readSeenPackets(file)
    const gap = widestGap(got)
    const gapSeconds = gap.to - gap.from
    expect(gapSeconds).toBeGreaterThan(cutSeconds - edgeSeconds)
    expect(gapSeconds).toBeLessThan(50)
    expect(findMissing(got, all, gap)).toEqual([])
    expect((got.at(-1)?.timeSeconds ?? 0) - (got[0]?.timeSeconds ?? 0)).toBeGreaterThan(65)
    const comments = await tshark(file, '-Y', 'frame.comment', '-T', 'fields', '-e', 'frame.comment')
    const [, told] =
      /^the capture of ssh:\S+ broke off: about (\d+\.\d) s are missing before this packet\n$/.exec(comments) ?? []
    expect(Math.abs(Number(told) - gapSeconds), `${comments} for ${gapSeconds}`).toBeLessThan(6)
  }
  await expectNoCaptures()
})
