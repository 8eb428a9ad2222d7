import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { bareEnvironment, runKcap } from '../support/run-kcap.ts'
import { findPorts, inFolder, type OwnSshd, startSshd } from './own-sshd.ts'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'

interface Account {
  /** Path of the shell in Debian; `ash` is busybox's. */
  readonly shell: string
  /** Files of its home that its shell reads. */
  readonly files?: Readonly<Record<string, string>>
}

const plain = ['sh', 'bash', 'rbash', 'dash', 'ash', 'zsh', 'ksh', 'fish', 'csh', 'tcsh']
const accounts: Readonly<Record<string, Account>> = {
  ...Object.fromEntries(plain.map((shell) => [shell, { shell }])),
  'bash that prints': { shell: 'bash', files: { '.bashrc': 'echo Welcome; echo "to the host" >&2\n' } },
  'bash without a PATH': { shell: 'bash', files: { '.bashrc': 'PATH=/none\n' } },
  'zsh without a PATH': { shell: 'zsh', files: { '.zshenv': 'path=(/none)\n' } },
  'fish without a PATH': { shell: 'fish', files: { '.config/fish/config.fish': 'set -gx PATH /none\n' } },
  'csh that prints': { shell: 'csh', files: { '.cshrc': 'echo Welcome\n' } },
  'csh without a PATH': { shell: 'csh', files: { '.cshrc': 'setenv PATH /none\n' } },
  'tcsh without a PATH': { shell: 'tcsh', files: { '.tcshrc': 'setenv PATH /none\n' } },
}

let folder = ''
let ports: Record<'ssh' | 'traffic', number>
let sshd: OwnSshd
let stopTraffic = () => {}
const users: string[] = []
const nameOf = (account: string) => `kcap${Object.keys(accounts).indexOf(account)}x${process.pid}`

beforeAll(async () => {
  if (!hasOwnSshd) return
  folder = mkdtempSync(path.join(tmpdir(), 'kcap-shells-'))
  const file = inFolder(folder)
  symlinkSync('/bin/busybox', file('ash'))
  for (const [account, { shell, files = {} }] of Object.entries(accounts)) {
    const program =
      shell === 'ash' ? file('ash') : execFileSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim()
    const home = file(nameOf(account))
    mkdirSync(home)
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(home, name)), { recursive: true })
      writeFileSync(path.join(home, name), text)
    }
    // Root by another name, since only root may capture.
    execFileSync('useradd', ['-o', '-p', '*', '-u', '0', '-g', '0', '-M', '-d', home, '-s', program, nameOf(account)])
    users.push(nameOf(account))
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

const clients = ['ssh2', 'openssh'] as const
sshdTest.each(Object.keys(accounts).flatMap((account) => clients.map((client) => [account, client] as const)))(
  'an account with %s as its login shell captures through %s, and runs no part of a filter or interface name',
  async (account, client) => {
    const output = path.join(folder, `${nameOf(account)}-${client}.pcapng`)
    const marker = path.join(folder, `pwned-${nameOf(account)}-${client}`)
    const host = [
      '--ssh-config',
      path.join(folder, 'config'),
      '--ssh-host',
      '127.0.0.1',
      '--ssh-port',
      String(ports.ssh),
    ]
    const login = [...host, '--ssh-user', nameOf(account), '--ssh-client', client]
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
