import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRelay, type Relay } from '../support/relay.ts'
import { programPath } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { writeHttpCapture } from './http-capture.ts'
import { compare, measure } from './measure.ts'
import { writeResults } from './write-results.ts'

/**
 * Measures what `--compress gzip` gains on a slow link: HTTP between services, from the bench's own real sshd, through a relay of 20
 * Mbit/s. A substitute `tcpdump` sends the capture as fast as its reader takes it.
 */
const linkBytesPerSecond = 20e6 / 8
const captureBytes = 40e6
const rounds = 3
let folder: string
let packets: number
let sshd: ChildProcess
let sshPort: number
let relay: Relay
const table: string[] = []

beforeAll(async () => {
  folder = await makeTempFolder()
  const place = (name: string) => path.join(folder, name)
  packets = writeHttpCapture(place('far.pcap'), captureBytes, 7)
  writeFileSync(place('tcpdump'), `#!/bin/sh\nexec cat ${place('far.pcap')}\n`, { mode: 0o755 })
  for (const key of ['host_key', 'user_key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', place(key)])
  sshPort = await freePort()
  const config = [
    `Port ${sshPort}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${place('host_key')}`,
    `AuthorizedKeysFile ${place('user_key.pub')}`,
    `PidFile ${place('sshd.pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    `SetEnv PATH=${folder}:/usr/bin:/bin`,
  ]
  writeFileSync(place('sshd_config'), `${config.join('\n')}\n`)
  // As root sshd wants it to be there.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', place('sshd_config')], { stdio: 'ignore' })
  relay = await openRelay(sshPort, linkBytesPerSecond)
  const known = [sshPort, relay.port].map(
    (port) => `[127.0.0.1]:${port} ${readFileSync(place('host_key.pub'), 'utf8').trim()}\n`,
  )
  writeFileSync(place('known_hosts'), known.join(''))
  for (const compression of ['yes', 'no'])
    writeFileSync(
      place(`ssh_config_${compression}`),
      `Host *\n  UserKnownHostsFile ${place('known_hosts')}\n  IdentityFile ${place('user_key')}\n  Compression ${compression}\n`,
    )
  await sleep(500)
})
afterAll(async () => {
  await relay.close()
  sshd.kill()
  const plain = 'uncompressed'
  writeResults('Compression', ['way', 'packets/s', plain, 'ratio', 'CPU, ms', plain, 'peak, MiB', plain], table)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The time is that of the stream, from its first packet on: how long a login takes is another question. */
const capture = (port: number, compress: string, sshCompression: 'yes' | 'no' = 'no') => {
  const config = path.join(folder, `ssh_config_${sshCompression}`)
  const login = ['--ssh-host', '127.0.0.1', '--ssh-user', userInfo().username, '--ssh-port', String(port)]
  const words = [...login, '--ssh-config', config, '--compress', compress, '-q', '-o', '-', '--format', 'pcap']
  return async () => {
    const measured = await measure([process.execPath, programPath, ...words])
    // Both captures must have the same packets.
    expect(measured.bytes).toBe(statSync(path.join(folder, 'far.pcap')).size)
    return { ...measured, wallMs: measured.wallMs - measured.firstPacketMs }
  }
}

async function row(what: string, ours: ReturnType<typeof capture>, theirs: ReturnType<typeof capture>) {
  const result = await compare(rounds, ours, theirs)
  const perSecond = (side: 0 | 1) => (packets / (result.of(side, 'wallMs') / 1000)).toFixed(0)
  const both = (figure: 'cpuMs' | 'peakMib') => [0, 1].map((side) => result.of(side as 0 | 1, figure).toFixed(0))
  const faster = 1 / result.ratio('wallMs')
  const cells = [what, perSecond(0), perSecond(1), faster.toFixed(2), ...both('cpuMs'), ...both('peakMib')]
  const line = `| ${cells.join(' | ')} |`
  table.push(line)
  console.log(line)
  return faster
}

test('through 20 Mbit/s, gzip delivers at least 2.5 times as many HTTP packets', async () => {
  const bytes = readFileSync(path.join(folder, 'far.pcap'))
  const compressibility = bytes.length / gzipSync(bytes, { level: 1 }).length
  console.log(
    `${packets} packets, ${bytes.length} bytes, zlib's level 1 makes it ${compressibility.toFixed(2)} times smaller`,
  )
  const plain = capture(relay.port, 'none')
  expect(await row('gzip, 20 Mbit/s', capture(relay.port, 'gzip'), plain)).toBeGreaterThanOrEqual(2.5)
  await row("ssh's own, 20 Mbit/s", capture(relay.port, 'auto', 'yes'), plain)
})

test('gzip on loopback without a limit, for comparison', async () => {
  await row('gzip, loopback', capture(sshPort, 'gzip'), capture(sshPort, 'none'))
})
