import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { beforeAll, expect, vi } from 'vitest'
import { afterThisFile } from '../support/cleanups.ts'
import { bareEnvironment, runKcap, startKcap } from '../support/run-kcap.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { findPorts, inFolder, listBelow } from './own-sshd.ts'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'

// Routers and appliances have dropbear, together with busybox.

const user = `kcapdb${process.pid}`
let folder = ''
let ports: Record<'ssh' | 'traffic', number>
let pid = 0
beforeAll(async () => {
  if (!hasOwnSshd) return
  folder = await makeTempFolder()
  const file = inFolder(folder)
  const home = file('home')
  mkdirSync(path.join(home, '.ssh'), { recursive: true })
  for (const one of [folder, home, path.join(home, '.ssh')]) chmodSync(one, 0o755)
  for (const name of ['host', 'id'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)])
  writeFileSync(path.join(home, '.ssh', 'authorized_keys'), readFileSync(file('id.pub')), { mode: 0o600 })
  execFileSync('dropbearconvert', ['openssh', 'dropbear', file('host'), file('host.dropbear')], { stdio: 'ignore' })
  // Root by another name, since only root may capture.
  execFileSync('useradd', ['-o', '-p', '*', '-u', '0', '-g', '0', '-M', '-d', home, '-s', '/bin/sh', user])
  afterThisFile.add(() => void execFileSync('sed', ['-i', `/^${user}:/d`, '/etc/passwd', '/etc/shadow']))
  ports = await findPorts(['ssh', 'traffic'])
  const words = ['-F', '-E', '-s', '-p', `127.0.0.1:${ports.ssh}`, '-r', file('host.dropbear'), '-P', file('pid')]
  const child = spawn('/usr/sbin/dropbear', words, { stdio: 'ignore' })
  pid = child.pid ?? 0
  afterThisFile.add(() => void child.kill())
  const [type, key] = readFileSync(file('host.pub'), 'utf8').split(' ')
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${ports.ssh} ${type} ${key}\n`)
  writeFileSync(
    file('config'),
    `Host *\n  IdentityFile ${file('id')}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${file('known_hosts')}\n`,
  )
  await vi.waitFor(async () => {
    const socket = connect(ports.ssh, '127.0.0.1')
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.destroy()
  })
  const socket = createSocket('udp4')
  const timer = setInterval(() => socket.send('x', ports.traffic, '127.0.0.1'), 20)
  afterThisFile.add(() => {
    clearInterval(timer)
    socket.close()
  })
})

/** Capture programs of this test, on whosever behalf: a killed session's are init's. */
const listCaptures = () =>
  spawnSync('pgrep', ['-f', `tcpdump .*udp port ${ports.traffic}`], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)

const makeArgv = (client: string, output: string, ...limits: string[]) => [
  ...['--ssh-config', path.join(folder, 'config'), '--ssh-host', '127.0.0.1', '--ssh-port', String(ports.ssh)],
  ...['--ssh-user', user, '--ssh-client', client, '-i', 'lo', '--filter', `udp port ${ports.traffic}`],
  ...['--no-names', '-o', path.join(folder, output), ...limits],
]

sshdTest.each(['ssh2', 'openssh'])(
  'a host with dropbear captures through %s, and nothing runs there afterwards',
  async (client) => {
    const argv = makeArgv(client, `${client}.pcapng`, '--count', '5', '--duration', '15')
    const { code, stderr } = await runKcap(argv, bareEnvironment)
    expect([code, stderr]).toEqual([0, expect.stringContaining('5 packets')])
    await vi.waitFor(() => expect([listBelow(pid), listCaptures()]).toEqual([[], []]), { timeout: 5_000 })
  },
)

sshdTest.each(['ssh2', 'openssh'])(
  'kill -9 of kcap leaves nothing on a host with dropbear, through %s',
  async (client) => {
    const run = startKcap(makeArgv(client, `killed-${client}.pcapng`, '--duration', '60'), bareEnvironment)
    await vi.waitFor(() => expect(listCaptures().length).toBeGreaterThan(0), { timeout: 10_000, interval: 100 })
    run.child.kill('SIGKILL')
    await run.ended
    const expectNothing = () => expect([listBelow(pid), listCaptures()]).toEqual([[], []])
    await vi.waitFor(expectNothing, { timeout: 40_000, interval: 250 })
  },
)
