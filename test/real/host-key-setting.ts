import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { afterThisFile } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { findPorts, inFolder, type OwnSshd, readPublicKey, startSshd } from './own-sshd.ts'
import { addTemporaryUser, type TemporaryUser } from './temporary-user.ts'

/** The keys that each sshd shows. */
const servers = {
  ed: ['ed'],
  rsa: ['rsa'],
  ecdsa: ['ecdsa'],
  edRsa: ['ed', 'rsa'],
  rsaEcdsa: ['rsa', 'ecdsa'],
  certified: ['certified'],
} as const satisfies Record<string, readonly KeyName[]>

const keyNames = ['ed', 'rsa', 'ecdsa', 'otherEd', 'otherRsa', 'otherEcdsa', 'authority', 'certified'] as const
export type KeyName = (typeof keyNames)[number]
export type ServerName = keyof typeof servers
export const serverNames = Object.keys(servers) as ServerName[]

const lanes = [1, 2, 3, 4] as const

export interface HostKeySetting {
  file(name: string): string
  /** Ports that show a set of keys. */
  readonly ports: Readonly<Record<ServerName, readonly number[]>>
  /** Log of the sshd of a port. sshd logs only the client's port, which a client may share between two servers. */
  readLog(port: number): string
  /** `TYPE BASE64` of each key. */
  readonly keys: Readonly<Record<KeyName, string>>
  /** Logs in by a password only. */
  readonly user: TemporaryUser
}

/** Some sshd for each set of host keys. root logs in with a key, the temporary user with a password. Everything ends after the test file. */
export async function openHostKeySetting(): Promise<HostKeySetting> {
  const folder = await makeTempFolder()
  chmodSync(folder, 0o755)
  const file = inFolder(folder)
  makeKeys(file)
  const user = addTemporaryUser(folder)
  afterThisFile.add(user.remove)
  const found = await findPorts(serverNames.flatMap((server) => lanes.map((lane) => `${server}${lane}` as const)))
  const portsOf = (server: ServerName) => lanes.map((lane) => found[`${server}${lane}`])
  const ports = Object.fromEntries(serverNames.map((server) => [server, portsOf(server)])) as Record<
    ServerName,
    number[]
  >
  const sshds = new Map<number, OwnSshd>()
  for (const server of serverNames)
    for (const port of ports[server]) {
      const sshd = await startSshd(file(`sshd_${port}`), [
        `ListenAddress 127.0.0.1:${port}`,
        ...servers[server].map((key) => `HostKey ${file(key)}`),
        ...(server === 'certified' ? [`HostCertificate ${file('certified-cert.pub')}`] : []),
        // The quickest, and known to all three.
        'KexAlgorithms curve25519-sha256',
        ...['UsePAM yes', 'PermitRootLogin yes', 'MaxStartups 100', `AuthorizedKeysFile ${file('authorized')}`],
        ...['Match User root', '  AuthenticationMethods publickey'],
        ...[`Match User ${user.name}`, '  AuthenticationMethods password keyboard-interactive'],
      ])
      afterThisFile.add(() => sshd.close())
      sshds.set(port, sshd)
    }
  const keys = Object.fromEntries(keyNames.map((key) => [key, readPublicKey(file(key))])) as Record<KeyName, string>
  const readLog = (port: number) => {
    const sshd = sshds.get(port)
    if (sshd === undefined) throw new Error(`no sshd at ${port}`)
    return sshd.readLog()
  }
  return { file, ports, readLog, keys, user }
}

function makeKeys(file: (name: string) => string): void {
  const keygen = (...argv: string[]) => execFileSync('ssh-keygen', ['-q', ...argv], { stdio: 'ignore' })
  for (const name of [...keyNames, 'id']) {
    const type = /rsa$/i.exec(name) ? 'rsa' : /ecdsa$/i.exec(name) ? 'ecdsa' : 'ed25519'
    keygen('-t', type, ...(type === 'rsa' ? ['-b', '2048'] : []), '-N', '', '-C', name, '-f', file(name))
  }
  keygen('-s', file('authority'), '-h', '-I', 'host', '-n', '127.0.0.1', file('certified.pub'))
  keygen('-k', '-f', file('revoking-ed.krl'), file('ed.pub'))
  keygen('-k', '-f', file('revoking-other.krl'), file('otherEd.pub'))
  writeFileSync(file('authorized'), `${readPublicKey(file('id'))}\n`)
}
