import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterThisFile } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { findPorts, inFolder, type OwnSshd, readPublicKey, startSshd } from './own-sshd.ts'
import { openTcpRelay } from './tcp-relay.ts'
import { addTemporaryUser, type TemporaryUser } from './temporary-user.ts'

/** One sshd for all rows: the port that was called decides what it demands. sshd listens on 16 ports at most. */
const demands = {
  plain: [],
  password: ['AuthenticationMethods password'],
  keyboard: ['AuthenticationMethods keyboard-interactive'],
  both: ['AuthenticationMethods publickey,password'],
  tries: ['MaxAuthTries 2', 'AuthenticationMethods publickey'],
  triesPassword: ['MaxAuthTries 2', 'KbdInteractiveAuthentication no'],
  certificate: ['AuthorizedKeysFile none', 'TrustedUserCAKeys FOLDER/authority.pub', 'AuthenticationMethods publickey'],
  fixed: ['ForceCommand echo "This account may only look at the time: $(date +%Y)"; exit 1'],
  mute: ['ForceCommand exit 1', 'Banner FOLDER/banner'],
  forced: ['ForceCommand exec sh -c "$SSH_ORIGINAL_COMMAND"'],
  noTty: ['PermitTTY no'],
  banner: ['Banner FOLDER/banner'],
  sudo: [],
  noForward: ['AllowTcpForwarding no'],
  master: [],
} as const satisfies Record<string, readonly string[]>

export type Demand = keyof typeof demands
/** Sshd's of their own: one for what can't differ by port, one to be cut off, one whose packets are counted. */
export type PortName = Demand | (typeof otherPorts)[number]
const otherPorts = [
  'sntrup',
  'hop',
  'lastHop',
  'alone',
  'natted',
  'behindJump',
  'slowRelay',
  'mumRelay',
  'nat',
  'traffic',
] as const

export interface TableSetting {
  readonly folder: string
  /** A file in the folder. */
  file(name: string): string
  readonly ports: Readonly<Record<PortName, number>>
  readonly user: TemporaryUser
  /** A temporary user whose sudo works at a terminal only. */
  readonly terminalUser: TemporaryUser
  readonly passphrase: string
  readonly sshds: Readonly<Record<'main' | 'hop' | 'lastHop', OwnSshd>>
  /** An agent with these keys of the folder, in this order; returns its socket. */
  startAgent(...keys: string[]): Promise<string>
}

/** Relays: from, to, and the delay of the answers. */
const relays = [
  ['nat', 'natted', 0],
  ['slowRelay', 'plain', 3_000],
  ['mumRelay', 'plain', 60_000],
] as const

const banner = `*** permission denied to strangers ***
sudo: a password is required
Host key verification failed. REVOKED HOST KEY: HOST IDENTIFICATION HAS CHANGED
Offending ED25519 key in /dev/zero:1
An idle session is timed out; the connection is closed by the host. \u001b[2J
`

/** Starts the hosts of the table; everything ends after the test file. */
export async function openTableSetting(): Promise<TableSetting> {
  const folder = await makeTempFolder()
  chmodSync(folder, 0o755)
  const file = inFolder(folder)
  const passphrase = `pass phrase-${process.pid}`
  makeKeys(file, passphrase)
  writeFileSync(file('banner'), banner)
  const user = addTemporaryUser(folder)
  const terminalUser = addTemporaryUser(folder, 'requiretty')
  for (const { remove } of [user, terminalUser]) afterThisFile.add(remove)
  copyTcpdump(folder)
  const names = Object.keys(demands) as Demand[]
  const ports = await findPorts<PortName>([...names, ...otherPorts])
  writeFileSync(file('known_hosts'), formatKnownHosts(ports, file))
  const start = async (name: string, config: readonly string[]) => {
    const sshd = await startSshd(file(`sshd_${name}`), config)
    afterThisFile.add(() => sshd.close())
    return sshd
  }
  const listen = (...names: PortName[]) => names.map((name) => `ListenAddress 127.0.0.1:${ports[name]}`)
  const base = ['PermitRootLogin yes', `AuthorizedKeysFile ${file('authorized')}`, 'MaxStartups 100']
  const blocks = names.flatMap((name) => [
    `Match LocalPort ${ports[name]}`,
    ...demands[name].map((line) => `  ${line.replaceAll('FOLDER', folder)}`),
    // Everybody may capture with this copy, except in the rows of sudo.
    ...(name === 'sudo' || name === 'both' ? [] : [`  SetEnv PATH=${folder}/bin:/usr/bin:/bin`]),
  ])
  const key = `HostKey ${file('host')}`
  const all = [...listen(...names), `ListenAddress [::1]:${ports.plain}`]
  const sshds = {
    main: await start('main', [...all, ...base, key, 'UsePAM yes', ...blocks]),
    hop: await start('hop', [...listen('hop'), ...base, key]),
    lastHop: await start('last_hop', [...listen('lastHop'), ...base, key]),
  }
  await start('alone', [...listen('alone', 'natted', 'behindJump'), ...base, key])
  await start('sntrup', [
    ...listen('sntrup'),
    ...base,
    `HostKey ${file('certified_host')}`,
    `HostCertificate ${file('certified_host-cert.pub')}`,
    'KexAlgorithms sntrup761x25519-sha512@openssh.com',
  ])
  for (const [from, to, firstAnswerMs] of relays) {
    const relay = await openTcpRelay(ports[to], { port: ports[from], firstAnswerMs })
    afterThisFile.add(relay.close)
  }
  afterThisFile.add(startTraffic(ports.traffic))
  let agents = 0
  return {
    folder,
    file,
    ports,
    user,
    terminalUser,
    passphrase,
    sshds,
    async startAgent(...keys) {
      const socket = file(`agent-${++agents}`)
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
      afterThisFile.add(() => agent.kill())
      const environment = { ...process.env, SSH_AUTH_SOCK: socket }
      for (const key of keys) {
        for (let waited = 0; ; waited++) {
          try {
            execFileSync('ssh-add', ['-q', file(key)], { env: environment, stdio: 'ignore' })
            break
          } catch (error) {
            if (waited > 100) throw error
            await sleep(20)
          }
        }
      }
      return socket
    },
  }
}

function makeKeys(file: (name: string) => string, passphrase: string): void {
  const keygen = (...argv: string[]) => execFileSync('ssh-keygen', ['-q', ...argv], { stdio: 'ignore' })
  const names = ['host', 'certified_host', 'id', 'stranger1', 'stranger2', 'stranger3', 'stranger4', 'authority']
  for (const name of [...names, 'certified', 'other_host'])
    keygen('-t', 'ed25519', '-N', '', '-C', name, '-f', file(name))
  keygen('-t', 'ed25519', '-N', passphrase, '-a', '4', '-f', file('locked'))
  keygen('-s', file('authority'), '-I', 'user', '-n', 'root', file('certified.pub'))
  keygen('-s', file('authority'), '-h', '-I', 'host', '-n', '127.0.0.1', file('certified_host.pub'))
  // The same certificate where ssh does not look for it.
  mkdirSync(file('elsewhere'))
  copyFileSync(file('certified-cert.pub'), file('elsewhere/certificate.pub'))
  copyFileSync(file('certified'), file('elsewhere/key'))
  writeFileSync(file('authorized'), ['id', 'locked'].map((name) => `${readPublicKey(file(name))}\n`).join(''))
}

function copyTcpdump(folder: string): void {
  mkdirSync(path.join(folder, 'bin'))
  const copy = path.join(folder, 'bin/tcpdump')
  copyFileSync('/usr/bin/tcpdump', copy)
  chmodSync(copy, 0o755)
  execFileSync('setcap', ['cap_net_raw,cap_net_admin+ep', copy])
}

function formatKnownHosts(ports: Readonly<Record<PortName, number>>, file: (name: string) => string): string {
  return Object.entries(ports)
    .map(([name, port]) => {
      const key = readPublicKey(file(name === 'sntrup' ? 'certified_host' : 'host'))
      return `[127.0.0.1]:${port},[::1]:${port} ${key}\n`
    })
    .join('')
}

/** A packet that nobody wants, fifty times a second. Returns what stops it. */
function startTraffic(port: number): () => void {
  const socket = createSocket('udp4')
  socket.on('error', () => {})
  const timer = setInterval(() => socket.send('traffic', port, '127.0.0.1'), 20)
  return () => {
    clearInterval(timer)
    socket.close()
  }
}
