import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { SshClientName } from '../../src/base/target.ts'
import { connectSsh } from '../../src/ssh/connect-ssh.ts'
import { afterThisFile } from '../support/cleanups.ts'
import { collect } from '../support/ssh-fixture.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { findPorts, inFolder, readPublicKey, startSshd } from './own-sshd.ts'
import { hasOwnSshd, sshdTest } from './own-sshd-test.ts'

const keyTypes = { ed25519: [], rsa: ['-b', '3072'], ecdsa: [] }
let file: (name: string) => string
let port: number
let counts = 0
const variables = { KCAP_SENT: "it's a 'b'", KCAP_TOO: 'sent', KCAP_KEPT: 'here', OTHER: 'not accepted' }

beforeAll(async () => {
  if (!hasOwnSshd) return
  vi.stubEnv('KEY_FOLDER', 'keys')
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  file = inFolder(await makeTempFolder())
  // Not the account's: ssh does not look at it.
  vi.stubEnv('HOME', file('home'))
  const keygen = (...argv: string[]) => execFileSync('ssh-keygen', ['-q', '-N', '', ...argv])
  for (const name of ['host', 'stranger']) keygen('-t', 'ed25519', '-f', file(name))
  for (const [type, more] of Object.entries(keyTypes)) keygen('-t', type, ...more, '-f', file(type))
  writeFileSync(
    file('authorized'),
    Object.keys(keyTypes)
      .map((type) => `${readPublicKey(file(type))}\n`)
      .join(''),
  )
  port = (await findPorts(['sshd'])).sshd
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${port},[::1]:${port} ${readPublicKey(file('host'))}\n`)
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `ListenAddress [::1]:${port}`,
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('authorized')}`,
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'AcceptEnv KCAP_*',
    'MaxStartups 100',
    // bash does not read its startup file then.
    'SetEnv SHLVL=2',
  ]
  const sshd = await startSshd(file('sshd_config'), config)
  afterThisFile.add(() => sshd.close())
})

afterAll(() => {
  vi.unstubAllEnvs()
  if (hasOwnSshd) console.log(`${counts} logins by ssh and by kcap`)
})

/** Puts a key where ssh should look for it. */
function placeKey(name: string, folder = file('keys')): void {
  mkdirSync(folder, { recursive: true })
  copyFileSync(file('ed25519'), path.join(folder, name))
}

interface Row {
  /** Lines of the config before those that all have, for a key of the account where none of them names one. */
  config(): readonly string[]
  /** Setting that kcap's own client can't follow, as its error names it. */
  readonly foreign?: RegExp
  /** Names the host otherwise than `target`. */
  readonly host?: string
  prepare?(): void
}

const lines = (...config: string[]): Row => ({ config: () => config })
const foreign = (line: string): Row => ({
  config: () => [line],
  foreign: new RegExp(`only the ssh program does what the ssh config says: ${line}`),
})
/** Returns a row whose only key is where its name says. */
const keyAt = (pattern: string, name: () => string, more: Partial<Row> = {}): Row => ({
  config: () => [`IdentityFile ${file('keys')}/${pattern}`],
  prepare: () => placeKey(name()),
  ...more,
})
const accepted = (key: keyof typeof keyTypes, algorithms: string, more: readonly string[] = []): Row => ({
  config: () => [`IdentityFile ${file(key)}`, `PubkeyAcceptedAlgorithms ${algorithms}`, ...more],
})

const rows: Record<string, Row> = {
  'a key and nothing else': lines(),
  'BindAddress of this machine': foreign('BindAddress 127.0.0.1'),
  'BindAddress of no machine here': foreign('BindAddress 192.0.2.7'),
  BindInterface: foreign('BindInterface lo'),
  'BindInterface that is not there': foreign('BindInterface nosuch0'),
  'BindAddress, a jump host': {
    ...foreign('BindAddress 127.0.0.1'),
    config: () => ['BindAddress 127.0.0.1', `ProxyCommand socat - TCP:%h:%p,bind=127.0.0.1`],
  },
  ProxyJump: lines('ProxyJump jump'),
  'PKCS11Provider that is not there': foreign('PKCS11Provider /nonexistent.so'),
  'AddressFamily inet': lines('AddressFamily inet'),
  'AddressFamily inet6 of an IPv4 address': lines('AddressFamily inet6'),
  'AddressFamily inet of an IPv6 address': lines('AddressFamily inet', 'HostName ::1'),
  'AddressFamily inet6 of an IPv6 address': lines('AddressFamily inet6', 'HostName ::1'),
  'AddressFamily any': lines('AddressFamily any', 'HostName ::1'),
  'ConnectionAttempts 2 to a closed port': lines('ConnectionAttempts 2', 'Port 1'),
  'PubkeyAcceptedAlgorithms with the key': accepted('ed25519', 'ssh-ed25519'),
  'PubkeyAcceptedAlgorithms without the key': accepted('ed25519', 'rsa-sha2-256'),
  'PubkeyAcceptedAlgorithms that takes the key away': accepted('ed25519', '-ssh-ed25519'),
  'PubkeyAcceptedAlgorithms by pattern': accepted('ecdsa', '-ecdsa-*'),
  'PubkeyAcceptedAlgorithms with an ECDSA key': accepted('ecdsa', '^ecdsa-sha2-nistp256'),
  'PubkeyAcceptedAlgorithms, RSA by SHA-2-256': accepted('rsa', 'rsa-sha2-256'),
  'PubkeyAcceptedAlgorithms, no RSA by SHA-2': accepted('rsa', '-rsa-sha2-*'),
  'PubkeyAcceptedKeyTypes, the old name': lines('PubkeyAcceptedKeyTypes ecdsa-sha2-nistp256'),
  'PubkeyAcceptedAlgorithms that is written wrong': accepted('ed25519', 'ssh-ed2551'),
  'RequiredRSASize of a longer key': accepted('rsa', '+ssh-rsa', ['RequiredRSASize 4096']),
  'RequiredRSASize of a shorter key': accepted('rsa', '+ssh-rsa', ['RequiredRSASize 3072']),
  '%% of a key file': keyAt('a%%b', () => 'a%b'),
  '%C of a key file': keyAt('%C', () => connectionHash()),
  '%C of a key file, a jump host': {
    config: () => ['ProxyJump jump', `IdentityFile ${file('keys')}/%C`],
    prepare: () => placeKey(connectionHash('ProxyJump jump')),
    foreign: /only the ssh program does what the ssh config says: %C in /,
  },
  '%d of a key file': {
    config: () => [`IdentityFile %d/.kcap-test-${process.pid}`],
    prepare: () => placeInHome(),
  },
  '~ of a key file': { config: () => [`IdentityFile ~/.kcap-test-${process.pid}`], prepare: () => placeInHome() },
  '%h of a key file': keyAt('%h', () => '127.0.0.1'),
  '%i of a key file': keyAt('%i', () => String(userInfo().uid)),
  '%k of a key file': keyAt('k-%k', () => 'k-target'),
  '%k of a key file, an alias': {
    config: () => ['HostKeyAlias nick', `IdentityFile ${file('keys')}/%k`, `UserKnownHostsFile ${file('known_nick')}`],
    prepare() {
      placeKey('nick')
      writeFileSync(file('known_nick'), `nick ${readPublicKey(file('host'))}\n`)
    },
  },
  '%L and %l of a key file': keyAt('%L-%l', () => `${hostname().split('.')[0]}-${hostname()}`),
  '%n of a key file': keyAt('n-%n', () => 'n-target'),
  '%n of a host typed in capitals': keyAt('%n-%h', () => 'TARGET-127.0.0.1', { host: 'TARGET' }),
  '%p of a key file': keyAt('%p', () => String(port)),
  '%r and %u of a key file': keyAt('%r@%u', () => `root@${userInfo().username}`),
  'a variable in a key file': {
    config: () => [`IdentityFile ${file('')}/\${KEY_FOLDER}/variable`],
    prepare: () => placeKey('variable'),
  },
  'a variable that is not set': {
    config: () => [`IdentityFile ${file('keys')}/\${KCAP_UNSET}`],
    foreign: /only the ssh program does what the ssh config says: \$\{KCAP_UNSET\} in /,
  },
  'a token that there is not': {
    config: () => [`IdentityFile ${file('keys')}/%Z`],
    foreign: /only the ssh program does what the ssh config says: %Z in /,
  },
  'a percent sign at the end': {
    config: () => [`IdentityFile ${file('keys')}/x%`],
    foreign: /only the ssh program does what the ssh config says: % in /,
  },
  'tokens of the known_hosts file': {
    config: () => [`UserKnownHostsFile ${file('known')}-%h-%p`],
    prepare: () =>
      writeFileSync(`${file('known')}-127.0.0.1-${port}`, `[127.0.0.1]:${port} ${readPublicKey(file('host'))}\n`),
  },
  'tokens of a known_hosts file that is not there': lines('UserKnownHostsFile /nonexistent/%C'),
  '%C of ControlPath': lines('ControlPath ~/.ssh/none-%C'),
  'IdentityAgent of a variable that is not set': lines('IdentityAgent $KCAP_UNSET'),
  'a key that the host does not know': { config: () => [`IdentityFile ${file('stranger')}`] },
  'no key': lines('IdentityFile none'),
  'HostbasedAuthentication no': lines('HostbasedAuthentication no'),
}

/** Returns what ssh puts in the place of %C; `jump` is a line of the config. */
function connectionHash(jump = 'ProxyCommand true'): string {
  const config = file('config-hash')
  const target = ['Host target', `Port ${port}`, 'IdentityFile /hash/%C', jump]
  writeFileSync(config, [...target, 'Host *', 'Port 1', 'HostName 127.0.0.1', 'User root', ''].join('\n'))
  const { stderr } = spawnSync('ssh', ['-v', '-F', config, 'target'], { encoding: 'utf8' })
  return /identity file \/hash\/(\w{40}) /.exec(stderr)?.[1] ?? 'no hash'
}

function placeInHome(): void {
  const name = `.kcap-test-${process.pid}`
  const { homedir } = userInfo()
  placeKey(name, homedir)
  afterThisFile.add(() => rmSync(path.join(homedir, name), { force: true }))
}

function writeConfig(name: string, row: Row): string {
  const config = row.config()
  const base = [
    'HostName 127.0.0.1',
    `Port ${port}`,
    'User root',
    `UserKnownHostsFile ${file('known_hosts')}`,
    'GlobalKnownHostsFile none',
    'IdentitiesOnly yes',
    'BatchMode yes',
  ]
  const configPath = file(`config-${name.replaceAll(/\W/g, '_')}`)
  const key = `IdentityFile ${file('ed25519')}`
  const own = config.some((line) => line.startsWith('IdentityFile')) ? config : [...config, key]
  const jump = ['Host jump', 'HostName ::1', key]
  writeFileSync(configPath, `${['Host target TARGET', ...own, ...jump, 'Host *', ...base].join('\n')}\n`)
  return configPath
}

/** Returns whether `ssh HOST true` logs in. */
async function logInBySsh(configPath: string, host: string): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile('ssh', ['-F', configPath, host, 'true'], (error) => resolve(error === null))
  })
}

/** Returns true, or why kcap did not log in. */
async function logInByKcap(configPath: string, host: string, client: SshClientName): Promise<true | string> {
  const signal = AbortSignal.timeout(30_000)
  const name = { kind: 'ssh', host, sshConfigPath: configPath, sudo: 'none', client } as const
  try {
    const connection = await connectSsh(name, { signal })
    try {
      const { exit } = await collect(await connection.startProcess('true', signal))
      return exit.kind === 'exited' && exit.code === 0 ? true : JSON.stringify(exit)
    } finally {
      await connection.close()
    }
  } catch (error) {
    if (!(error instanceof KcapError)) throw error
    return error.message
  }
}

describe('both clients of kcap log in where ssh does:', () => {
  sshdTest.concurrent.each(Object.entries(rows))('%s', { timeout: 60_000 }, async (name, row) => {
    row.prepare?.()
    const { host = 'target', foreign } = row
    const configPath = writeConfig(name, row)
    const expected = await logInBySsh(configPath, host)
    for (const client of ['auto', 'openssh', 'ssh2'] as const) {
      const found = await logInByKcap(configPath, host, client)
      counts += 1
      if (client === 'ssh2' && foreign !== undefined) expect(found).toMatch(foreign)
      else if (expected) expect(found, client).toBe(true)
      else expect(found, client).toEqual(expect.any(String))
    }
  })
})

describe('programs get the variables that ssh sends:', () => {
  const settings = {
    nothing: [],
    'SendEnv by name and pattern': ['SendEnv KCAP_SENT OTHER', 'SendEnv KCAP_T*'],
    'SendEnv that is taken back': ['SendEnv KCAP_*', 'SendEnv -KCAP_K*'],
    SetEnv: [`SetEnv KCAP_SET=1 KCAP_QUOTED="x  y=z" KCAP_EMPTY=`],
    'SetEnv over SendEnv': ['SendEnv KCAP_SENT', 'SetEnv KCAP_SENT=set'],
    'SetEnv twice': ['SetEnv KCAP_SENT=first', 'SetEnv KCAP_TOO=second'],
  }
  sshdTest.each(Object.entries(settings))('%s', async (name, config) => {
    const configPath = writeConfig(name, { config: () => config })
    const pick = (text: string) =>
      text
        .split('\n')
        .filter((line) => /^(KCAP_(?!ASKPASS)|OTHER)/.test(line))
        .sort()
    const expected = pick(execFileSync('ssh', ['-F', configPath, 'target', 'env'], { encoding: 'utf8' }))
    const signal = AbortSignal.timeout(30_000)
    for (const client of ['ssh2', 'openssh'] as const) {
      const host = { kind: 'ssh', host: 'target', sshConfigPath: configPath, sudo: 'none', client } as const
      const connection = await connectSsh(host, { signal })
      const { stdout } = await collect(await connection.startProcess('env', signal))
      await connection.close()
      expect(pick(stdout), client).toEqual(expected)
    }
  })
})
