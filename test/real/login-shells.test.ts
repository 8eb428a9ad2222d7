import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { bareEnvironment, runKcap } from '../support/run-kcap.ts'
import { findPorts, inFolder, type OwnSshd, startSshd } from './own-sshd.ts'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'

/** Login shells of accounts, and where Debian has them; `ash` is busybox's. */
const shells = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'fish', 'csh', 'tcsh'] as const

let folder = ''
let ports: Record<'ssh' | 'traffic', number>
let sshd: OwnSshd
let stopTraffic = () => {}
const users: string[] = []
const userOf = (shell: string) => `kcap${shell}${process.pid}`

beforeAll(async () => {
  if (!hasOwnSshd) return
  folder = mkdtempSync(path.join(tmpdir(), 'kcap-shells-'))
  const file = inFolder(folder)
  symlinkSync('/bin/busybox', file('ash'))
  for (const shell of shells) {
    const program =
      shell === 'ash' ? file('ash') : execFileSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim()
    // Root by another name, since only root may capture; the home has nothing that a shell would read.
    execFileSync('useradd', ['-o', '-p', '*', '-u', '0', '-g', '0', '-M', '-d', folder, '-s', program, userOf(shell)])
    users.push(userOf(shell))
  }
  for (const name of ['host', 'id']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)])
  ports = await findPorts(['ssh', 'traffic'])
  sshd = await startSshd(file('sshd_config'), [
    `Port ${ports.ssh}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('id.pub')}`,
    'PermitRootLogin yes',
  ])
  const [type, key] = readFileSync(file('host.pub'), 'utf8').split(' ')
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${ports.ssh} ${type} ${key}\n`)
  writeFileSync(
    file('config'),
    `Host *\n  IdentityFile ${file('id')}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${file('known_hosts')}\n`,
  )
  const socket = createSocket('udp4')
  const timer = setInterval(() => socket.send('x', ports.traffic, '127.0.0.1'), 20)
  stopTraffic = () => {
    clearInterval(timer)
    socket.close()
  }
})

afterAll(async () => {
  stopTraffic()
  await sshd?.close()
  for (const user of users) execFileSync('sed', ['-i', `/^${user}:/d`, '/etc/passwd', '/etc/shadow'])
  rmSync(folder, { recursive: true, force: true })
})

sshdTest.each(shells.flatMap((shell) => (['ssh2', 'openssh'] as const).map((client) => [shell, client] as const)))(
  'an account with %s as its login shell captures by %s, and runs nothing of what a filter or an interface says',
  async (shell, client) => {
    const output = path.join(folder, `${shell}-${client}.pcapng`)
    const marker = path.join(folder, `pwned-${shell}-${client}`)
    const host = [
      '--ssh-config',
      path.join(folder, 'config'),
      '--ssh-host',
      '127.0.0.1',
      '--ssh-port',
      String(ports.ssh),
    ]
    const login = [...host, '--ssh-user', userOf(shell), '--ssh-client', client]
    const limits = ['--count', '3', '--duration', '15', '--no-names', '-o', output]
    const { code, stderr } = await runKcap(
      [...login, '-i', 'lo', '--filter', `udp port ${ports.traffic}`, ...limits],
      bareEnvironment,
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining('3 packets')])
    const hostile = ['-i', `lo';touch ${marker};'`, '--force', ...limits]
    const refused = await runKcap([...login, ...hostile], bareEnvironment)
    expect([refused.code === 0, existsSync(marker)]).toEqual([false, false])
  },
)
