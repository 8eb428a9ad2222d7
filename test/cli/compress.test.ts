import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { formatPcap, parseBlocks } from '../support/packets.ts'
import { openRelay, type Relay } from '../support/relay.ts'
import { runKcap } from '../support/run-kcap.ts'
import { openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair } from '../support/ssh-server.ts'
import { makeTempFolder } from '../support/temp-folder.ts'

const packetBlock = 6
const packetCount = 1_000
const packetBytes = 1_400
const programs = ['sh', 'cat', 'dd', 'sleep', 'date', 'id', 'timeout', 'rm']
const folder = await makeTempFolder()
const packets = Array.from({ length: packetCount }, (_, i) => ({
  seconds: 1_700_000_000 + i,
  nanoseconds: 0,
  data: Buffer.alloc(packetBytes, i),
  originalLength: packetBytes,
}))
await writeFile(path.join(folder, 'far.pcap'), formatPcap(packets, { littleEndian: true, nanosecond: true }))
async function makePath(name: string, more: readonly string[]): Promise<string> {
  const place = path.join(folder, name)
  await mkdir(place)
  for (const program of [...programs, ...more])
    await symlink(
      execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(),
      path.join(place, program),
    )
  await writeFile(path.join(place, 'tcpdump'), `#!/bin/sh\ncat ${folder}/far.pcap\n`)
  await chmod(path.join(place, 'tcpdump'), 0o755)
  return place
}
/** What the host's programs are: with gzip and without. */
const paths = { whole: await makePath('whole', ['gzip']), bare: await makePath('bare', []) }

let relay: Relay | undefined
const ownPath = process.env.PATH
afterEach(async () => {
  process.env.PATH = ownPath
  await relay?.close()
})

/** Captures on a host that has these programs; returns what a user sees and what went over the line. */
async function capture(place: string, ...argv: string[]) {
  const pair = makeKeyPair()
  const server = await openServer({ users: { ann: { keys: [pair.public] } } })
  relay = await openRelay(server.port)
  const home = openHome(server.knownHosts.replace(`:${server.port} `, `:${relay.port} `))
  home.write('id_ed25519', pair.private)
  const file = path.join(folder, 'out.pcapng')
  const login = ['--ssh-user', 'ann', '--ssh-port', String(relay.port), '--ssh-config', home.configPath]
  // The host's shell has this process' environment; kcap's own has the usual PATH.
  process.env.PATH = place
  const { code, stderr } = await runKcap(['--ssh-host', '127.0.0.1', ...login, '-o', file, '--force', '-v', ...argv], {
    PATH: ownPath,
  })
  const packets = parseBlocks(await readFile(file)).filter(({ type }) => type === packetBlock)
  return { code, stderr, packets: packets.length, bytes: relay.bytesDown() }
}

test('--compress gzip has the host send less, and the same packets', async () => {
  const { code, stderr, packets, bytes } = await capture(paths.whole, '--compress', 'gzip')
  expect([code, packets, stderr.includes('not compressed')]).toEqual([0, packetCount, false])
  expect(bytes).toBeLessThan((packetCount * packetBytes) / 10)
})

test('a host without gzip sends uncompressed packets, and that is reported once', async () => {
  const { code, stderr, packets, bytes } = await capture(paths.bare, '--compress', 'gzip')
  expect([code, packets]).toEqual([0, packetCount])
  expect(stderr.match(/ssh:\/\/\S+: not compressed: there is no "gzip"/g)?.length).toBe(1)
  expect(bytes).toBeGreaterThan(packetCount * packetBytes)
})

test('unless it is asked for, nothing is compressed', async () => {
  const { code, stderr, packets, bytes } = await capture(paths.whole)
  expect([code, packets, stderr.includes('not compressed')]).toEqual([0, packetCount, false])
  expect(bytes).toBeGreaterThan(packetCount * packetBytes)
})
