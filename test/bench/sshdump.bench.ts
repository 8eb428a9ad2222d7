import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { capinfos, lab, runLab } from '../real/lab.ts'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { fastTcpdumpBytes, installFastTcpdump } from './fast-tcpdump.ts'
import { compare, type Figure, type Measured, measure, median } from './measure.ts'
import { findSshdump } from './sshdump.ts'
import { writeResults } from './write-results.ts'

/** Compares kcap, as Wireshark runs it, with Wireshark's own sshdump: the same node, the same key, the same traffic, each into a FIFO. */
const host = ['10.231.0.2', '2222'] as const
/** Whole rounds of 64: a socket is closed over what it has not sent. */
const floodPackets = 320_000
const floodPort = 19_999
const table: string[] = []
let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})
afterAll(() => writeResults('Compared with sshdump', ['what', 'kcap', 'sshdump', 'ratio'], table))

/** Runs an extcap whose FIFO goes to standard output, or to a file; the reader's own work is not counted. */
function withFifo(argv: readonly string[], file?: string): string[] {
  const to = file === undefined ? '' : `> ${file}`
  const script = `rm -f ${folder}/fifo; mkfifo ${folder}/fifo; cat ${folder}/fifo ${to} & exec "$@" > /dev/null`
  return ['sh', '-c', script, 'sh', ...argv, '--fifo', path.join(folder, 'fifo')]
}

function kcap(...words: string[]): string[] {
  const ssh = ['--ssh-config', lab.sshConfig, '--ssh-host', 'node-ip', ...words]
  return [process.execPath, programPath, '--capture', ...ssh]
}

function sshdump(...words: string[]): string[] {
  const [address, port] = host
  const login = ['--remote-host', address, '--remote-port', port, '--remote-username', 'root']
  const key = ['--sshkey', path.join(lab.sshFolder, 'id_root')]
  return [findSshdump(), '--capture', '--extcap-interface', 'sshdump', ...login, ...key, ...words]
}

async function addRows(
  what: string,
  rounds: number,
  ours: () => Promise<Measured>,
  theirs: () => Promise<Measured>,
  figures: readonly Figure[],
): Promise<void> {
  const result = await compare(rounds, ours, theirs)
  for (const figure of figures)
    addRow(`${what}: ${figure}`, result.of(0, figure), result.of(1, figure), result.ratio(figure))
}

function addRow(what: string, ours: number, theirs: number, ratio = ours / theirs): void {
  const row = `| ${what} | ${ours.toFixed(1)} | ${theirs.toFixed(1)} | ${Number.isFinite(ratio) ? ratio.toFixed(2) : ''} |`
  table.push(row)
  console.log(row)
}

test('time to the first packet, compared with sshdump', async () => {
  // On lo of the node somebody asks an HTTP server five times a second.
  const command = 'timeout 3 tcpdump -i lo -U -c 1 -w -'
  const ours = () => measure(withFifo(kcap('--iface', 'lo', '--count', '1')))
  const theirs = () => measure(withFifo(sshdump('--remote-capture-command', command)))
  await addRows('first packet', 7, ours, theirs, ['headerMs', 'firstPacketMs'])
})

test(`losses of ${floodPackets} numbered packets sent as fast as Node can, compared with sshdump`, async () => {
  // As an argument: the node has a /tmp of its own.
  const sender = `const socket = require('dgram').createSocket('udp4')
    let sent = 0
    const next = () => {
      if (sent === ${floodPackets}) return socket.close()
      const packet = Buffer.alloc(400)
      packet.writeUInt32BE(sent++)
      socket.send(packet, ${floodPort}, '127.0.0.1', sent % 64 === 0 ? () => setImmediate(next) : undefined)
      if (sent % 64 !== 0) next()
    }
    next()`
  const filter = `udp dst port ${floodPort}`
  const sides = {
    kcap: kcap('--iface', 'lo', '--filter', filter),
    sshdump: sshdump('--remote-interface', 'lo', '--remote-filter', filter),
  }
  const lost = { kcap: [] as number[], sshdump: [] as number[] }
  for (let round = 0; round < 3; round++)
    for (const side of ['kcap', 'sshdump'] as const) {
      const file = path.join(folder, 'out')
      const child = spawn('sh', withFifo(sides[side], file).slice(1), { stdio: 'ignore' })
      const ended = new Promise((resolve) => child.once('close', resolve))
      try {
        await sleep(3_000)
        await runLab('node-exec', process.execPath, '-e', sender)
        await sleep(3_000)
      } finally {
        child.kill('SIGTERM')
        await ended
      }
      await sleep(500)
      const [, counted = ''] = /Number of packets:\s+(.*)/.exec(await capinfos(file, '-M', '-c')) ?? []
      lost[side].push(floodPackets - Number(counted))
    }
  addRow(`lost of ${floodPackets} packets`, median(lost.kcap), median(lost.sshdump))
  expect(Math.max(...lost.kcap)).toBeLessThan(floodPackets)
})

test('1 GB, compared with sshdump', async () => {
  const remove = await installFastTcpdump(folder)
  const file = path.join(folder, 'out')
  const whole = (argv: readonly string[]) => async () => {
    const run = await measure(withFifo(argv, file))
    await sleep(500)
    expect(statSync(file).size).toBeGreaterThan(fastTcpdumpBytes * 0.99)
    return run
  }
  try {
    const theirs = sshdump('--remote-capture-command', 'tcpdump -i any -U -w -')
    await addRows('1 GB', 3, whole(kcap()), whole(theirs), ['wallMs', 'cpuMs', 'peakMib'])
  } finally {
    await remove()
  }
})
