import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { beforeAll, expect } from 'vitest'
import { afterThisTest } from '../support/cleanups.ts'
import { type Flood, openFloodingApi } from '../support/flooding-api.ts'
import { bareEnvironment, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { findPorts, inFolder, startSshd } from './own-sshd.ts'
import { sshdTest } from './own-sshd-test.ts'

/** Peers that flood, and that never answer; the program has to stay under this, and to say what is wrong. */
const maxMemoryMb = 150

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** Runs the program for at most `limitMs`, then stops it as a user would; `peakMb` is what it held at most. */
async function measure(argv: readonly string[], limitMs: number, environment: Record<string, string> = {}) {
  const { child, ended } = startKcap(argv, { ...bareEnvironment, ...environment })
  afterThisTest.add(() => child.kill('SIGKILL'))
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  let peakMb = 0
  const startedMs = performance.now()
  while (!isOver) {
    peakMb = Math.max(peakMb, readPeakMb(child.pid ?? 0))
    if (performance.now() - startedMs > limitMs) child.kill('SIGINT')
    await sleep(50)
  }
  return { ...(await ended), peakMb, tookMs: performance.now() - startedMs }
}

function readPeakMb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

async function openCluster(flood: Flood) {
  const api = await openFloodingApi(flood)
  afterThisTest.add(api.close)
  const file = path.join(folder, `kubeconfig-${flood.replace(' ', '-')}`)
  writeFileSync(file, api.kubeconfig)
  return { api, environment: { KUBECONFIG: file } }
}

const output = (name: string) => path.join(folder, `${name}.pcapng`)

sshdTest.each([
  ['one page', ['list', 'pods', '-A', '-o', 'name'], 0, /the list is cut/],
  ['large pages', ['list', 'pods', '-A', '-o', 'name'], 0, /the list is cut/],
  ['endless refusal', ['list', 'pods', '-A'], 5, /is not allowed to|refuses/],
  ['silence', ['list', 'pods', '-A'], 4, /does not answer/],
] as const)('an API server that floods with %s: kcap %j stays small and ends', async (flood, argv, code, said) => {
  const { environment } = await openCluster(flood)
  const run = await measure(argv, 60_000, environment)
  expect(run.peakMb).toBeLessThan(maxMemoryMb)
  expect([run.code, run.stderr]).toEqual([code, expect.stringMatching(said)])
})

sshdTest(
  'kcap limits the time and requests for an exec that is never answered, and for watches that end at once',
  async () => {
    const { api, environment } = await openCluster('gone')
    const run = await measure(['default/o*', '-o', output('gone')], 12_000, environment)
    expect(run.peakMb).toBeLessThan(maxMemoryMb)
    const watched = api.paths.filter((one) => one.includes('watch=true')).map((one) => one.replace(/\?.*/, ''))
    expect(watched.length).toBeGreaterThan(0)
    // Ever later, 0.5 s, 1 s, 2 s and so on; the pods are watched twice.
    for (const one of new Set(watched)) expect(watched.filter((other) => other === one).length).toBeLessThan(16)
  },
)

/** A host whose account runs this and nothing else. */
async function openHost(script: string): Promise<string[]> {
  const file = inFolder(await makeTempFolder())
  for (const name of ['host', 'id']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)])
  const { ssh: port } = await findPorts(['ssh'])
  writeFileSync(file('script'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const sshd = await startSshd(file('config'), [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('id.pub')}`,
    'PermitRootLogin yes',
    `ForceCommand ${file('script')}`,
  ])
  afterThisTest.add(sshd.close)
  const [type, key] = readFileSync(file('host.pub'), 'utf8').split(' ')
  writeFileSync(file('known'), `[127.0.0.1]:${port} ${type} ${key}\n`)
  writeFileSync(
    file('ssh'),
    `Host *\nIdentityFile ${file('id')}\nIdentitiesOnly yes\nUserKnownHostsFile ${file('known')}\n`,
  )
  return ['--ssh-config', file('ssh'), '--ssh-host', '127.0.0.1', '--ssh-port', String(port), '--ssh-user', 'root']
}

sshdTest.each([
  ['reports of missing programs', "yes 'kcap-report: missing x' >&2", 6, /there is no "x"/],
  ['reports of what is used', `yes 'kcap-report: using ${'x'.repeat(900)}' >&2`, 1, /more words came/],
  ['lines without end', "yes x | tr -d '\\n' >&2", 1, /more words came/],
  ['words', 'yes >&2', 1, /more words came/],
] as const)(
  'a host that floods with %s by both clients: kcap stays small and ends',
  async (_what, script, code, words) => {
    const host = await openHost(script)
    for (const client of ['ssh2', 'openssh']) {
      const run = await measure([...host, '--ssh-client', client, '-o', output('flood'), '--force'], 30_000)
      expect([client, Math.round(run.peakMb) < maxMemoryMb]).toEqual([client, true])
      expect([client, run.code, run.stderr]).toEqual([client, code, expect.stringMatching(words)])
    }
  },
)

sshdTest('an impossible counter is unknown, and the capture ends normally', async () => {
  const header =
    '\\324\\303\\262\\241\\002\\000\\004\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\004\\000\\001\\000\\000\\000'
  const packet = '\\001\\000\\000\\000\\000\\000\\000\\000\\004\\000\\000\\000\\004\\000\\000\\000abcd'
  const host = await openHost(
    [
      "echo 'kcap-report: using tcpdump' >&2",
      "echo 'tcpdump: listening on any, link-type EN10MB (Ethernet), snapshot length 262144 bytes' >&2",
      `printf '${header}${packet}'`,
      "echo '12345678901234567890123456 packets captured' >&2",
      "echo '99999999999999999999999999 packets dropped by kernel' >&2",
      "echo 'kcap-report: ended 0' >&2",
    ].join('\n'),
  )
  const run = await measure([...host, '-o', output('counter')], 30_000)
  expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/1 packets, 4 bytes, drops unknown/)])
})

sshdTest('an exec over SSH that is never answered ends with an error', async () => {
  const file = inFolder(await makeTempFolder())
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('host')])
  const server = new ssh2.Server({ hostKeys: [readFileSync(file('host'))] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept) => accept().on('exec', () => {}))
  })
  const { ssh: port } = await findPorts(['ssh'])
  server.listen(port, '127.0.0.1')
  afterThisTest.add(() => server.close())
  const [type, key] = readFileSync(file('host.pub'), 'utf8').split(' ')
  writeFileSync(file('known'), `[127.0.0.1]:${port} ${type} ${key}\n`)
  writeFileSync(file('ssh'), `Host *\nUserKnownHostsFile ${file('known')}\nConnectTimeout 3\n`)
  const host = [
    '--ssh-config',
    file('ssh'),
    '--ssh-host',
    '127.0.0.1',
    '--ssh-port',
    String(port),
    '--ssh-user',
    'root',
  ]
  const run = await measure([...host, '--ssh-client', 'ssh2', '-o', output('never')], 60_000, {
    KCAP_SSH_PASSWORD: 'x',
  })
  expect([run.code, run.tookMs < 55_000]).toEqual([4, true])
  expect(run.stderr).toMatch(/^kcap: error: cannot /)
})
