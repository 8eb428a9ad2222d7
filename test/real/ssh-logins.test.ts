import { execFileSync } from 'node:child_process'
import { afterEach, describe, expect, test } from 'vitest'
import type { SshClientName, SshHostName } from '../../src/base/target.ts'
import { connectSsh } from '../../src/ssh/connect-ssh.ts'
import type { SshConnection } from '../../src/ssh/ssh-connection.ts'
import type { ConnectSshOptions } from '../../src/ssh/ssh-context.ts'

const { KCAP_LAB, KCAP_LAB_SSH_CONFIG = '', KCAP_LAB_SSH_DIR = '', KCAP_LAB_CMD = '' } = process.env
const hasLab = KCAP_LAB === '1'
if (!hasLab) console.log('skipped: no lab with a real OpenSSH (KCAP_LAB is not 1)')

const signal = new AbortController().signal
const open: SshConnection[] = []
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close()
})

const nobody: NodeJS.ProcessEnv = { PATH: process.env.PATH }

async function connect(
  client: SshClientName,
  host: string,
  flags: Partial<SshHostName> = {},
  options: Partial<ConnectSshOptions> = {},
) {
  const name: SshHostName = { kind: 'ssh', host, sudo: 'none', sshConfigPath: KCAP_LAB_SSH_CONFIG, client, ...flags }
  const connection = await connectSsh(name, { signal, environment: nobody, ...options })
  open.push(connection)
  return connection
}

async function run(connection: SshConnection, line: string) {
  const program = await connection.startProcess(line, signal)
  program.stderr.resume()
  let bytes = 0
  let text = ''
  for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (text.length < 1000) text += chunk.toString()
  }
  return { text, bytes, exit: await program.exited }
}

interface Way {
  readonly host: string
  readonly flags?: Partial<SshHostName>
  /** Answer of the user to every question. */
  readonly secret?: string
  /** KCAP_SSH_PASSWORD */
  readonly password?: string
}

const works: Record<string, Way & { readonly user: string }> = {
  'an ed25519 key': { host: 'node', user: 'root' },
  'an rsa key': { host: 'node-rsa', user: 'root' },
  'an encrypted key and its passphrase': { host: 'node-enc', secret: 'lab-passphrase', user: 'root' },
  'a key of the agent': { host: 'node-agent', user: 'root' },
  'a key given by flag': {
    host: 'node-stranger',
    flags: { identityFiles: [`${KCAP_LAB_SSH_DIR}/id_root`] },
    user: 'root',
  },
  'another user by flag': { host: 'node-nopriv', user: 'nopriv' },
  'a password from a question': { host: 'node-cap-pw', secret: 'lab-cap-pw', user: 'cap' },
  'a password from KCAP_SSH_PASSWORD': { host: 'node-cap-pw', password: 'lab-cap-pw', user: 'cap' },
  'keyboard-interactive, asked': { host: 'node-kbd', secret: 'lab-kbd-pw', user: 'kbd' },
  'keyboard-interactive from KCAP_SSH_PASSWORD': { host: 'node-kbd', password: 'lab-kbd-pw', user: 'kbd' },
  'a hashed known_hosts file': { host: 'node-hashed', user: 'root' },
  'the ProxyJump of the config': { host: 'node-via-jump', user: 'root' },
  'ProxyJump as another user': { host: 'node-cap-via-jump', user: 'cap' },
  'the ProxyCommand of the config': { host: 'node-via-proxycmd', user: 'root' },
  '--jump-host by alias': {
    host: '10.231.2.2',
    flags: { user: 'root', jumpHost: 'jump', identityFiles: [`${KCAP_LAB_SSH_DIR}/id_root`] },
    user: 'root',
  },
}

const refused: Record<string, Way & { readonly code: string }> = {
  'a stranger’s key': { host: 'node-stranger', code: 'ssh-login-refused' },
  'an encrypted key without a passphrase': { host: 'node-enc', code: 'ssh-key-encrypted' },
  'a wrong passphrase': { host: 'node-enc', secret: 'wrong', code: 'ssh-key-encrypted' },
  'a wrong password': { host: 'node-cap-pw', secret: 'wrong', code: 'ssh-login-refused' },
  'a wrong KCAP_SSH_PASSWORD': { host: 'node-kbd', password: 'wrong', code: 'ssh-login-refused' },
  'a missing key file': { host: 'node', flags: { identityFiles: ['/nowhere/key'] }, code: 'ssh-key-unreadable' },
  'a changed host key': { host: 'node-changed', flags: { acceptNewHostKey: true }, code: 'ssh-host-key-changed' },
  'an unknown host key': { host: 'node-unknown', code: 'ssh-host-key-unknown' },
  'a closed port': { host: 'node', flags: { port: 1 }, code: 'ssh-unreachable' },
  'a host that accepts and says nothing': { host: 'node', flags: { port: 16999 }, code: 'ssh-timeout' },
  'a jump host that is down': { host: 'node-via-jump', flags: { jumpHost: 'jump:1' }, code: 'ssh-jump-failed' },
  'a jump host that cannot reach the host': {
    host: 'node-via-jump',
    flags: { port: 1, jumpHost: 'jump' },
    code: 'ssh-jump-failed',
  },
}

function toOptions({ secret, password }: Way, agentSocket?: string): Partial<ConnectSshOptions> {
  const answers = [secret]
  return {
    environment: {
      ...nobody,
      ...(password === undefined ? {} : { KCAP_SSH_PASSWORD: password }),
      ...(agentSocket === undefined ? {} : { SSH_AUTH_SOCK: agentSocket }),
    },
    // Once only: sshd takes its time after each wrong answer.
    ...(secret === undefined ? {} : { askSecret: async () => answers.shift() }),
  }
}

describe.skipIf(!hasLab).each(['ssh2', 'openssh'] as const)('OpenSSH through the client %s', (client) => {
  test.each(Object.entries(works))('accepts %s', async (kind, way) => {
    const agent = kind.includes('agent')
    const options = toOptions(way, agent ? startAgent() : undefined)
    try {
      const { text, exit } = await run(await connect(client, way.host, way.flags, options), 'id -un; exit 7')
      expect(text).toBe(`${way.user}\n`)
      expect(exit).toEqual({ kind: 'exited', code: 7 })
    } finally {
      if (agent) execFileSync(KCAP_LAB_CMD, ['agent', 'stop'])
    }
  })

  test.each(Object.entries(refused))('refuses %s', async (_kind, way) => {
    const attempt = connect(client, way.host, way.flags, toOptions(way)).then(async (connection) => {
      const { exit } = await run(connection, 'id -un')
      if (exit.kind === 'refused') throw exit.error
    })
    await expect(attempt).rejects.toMatchObject({ code: way.code, exitCode: 4 })
  })

  test('delivers every byte of a fast program to a slow reader, and buffers few of them', async () => {
    const program = await (await connect(client, 'node')).startProcess(
      'head -c 30000000 /dev/zero; echo end >&2',
      signal,
    )
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(program.stdout.readableLength).toBeLessThan(2 ** 22)
    let bytes = 0
    program.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    program.stderr.resume()
    expect(await program.exited).toEqual({ kind: 'exited', code: 0 })
    expect(bytes).toBe(30_000_000)
  })
})

function startAgent(): string {
  const lines = execFileSync(KCAP_LAB_CMD, ['agent', 'start'], { encoding: 'utf8' })
  return /SSH_AUTH_SOCK=['"]?([^'";\s]+)/.exec(lines)?.[1] ?? ''
}
