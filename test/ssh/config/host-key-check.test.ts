import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { hostKeyFingerprint } from '../../../src/ssh/config/host-key.ts'
import type { HostKeyQuestion } from '../../../src/ssh/config/host-key-check.ts'
import { failureOf, openConnection, openHome, openServer } from '../../support/ssh-fixture.ts'
import { makeKeyPair } from '../../support/ssh-server.ts'

const login = makeKeyPair()
const rsa = makeKeyPair('rsa')
const hostKeys = [makeKeyPair(), makeKeyPair('ecdsa'), rsa].map((pair) => pair.private)
const users = { ann: { keys: [login.public] } }

async function openPair(
  knownHosts: (port: number, line: string) => string,
  config: string[] = [],
  hostKeys?: string[],
) {
  const server = await openServer({ users, ...(hostKeys === undefined ? {} : { hostKeys }) })
  const home = openHome(knownHosts(server.port, server.knownHosts), config)
  home.write('id_ed25519', login.private)
  return { server, home }
}

const keyOf = (line: string) => Buffer.from(line.trim().split(' ').at(-1) ?? '', 'base64')

describe('a known host key', () => {
  test('is accepted, and nothing is written', async () => {
    const { server, home } = await openPair((_port, line) => line)
    expect((await openConnection(home.host(server.port))).isUnproven()).toBe(false)
    expect(home.readKnownHosts()).toBe(server.knownHosts)
  })

  test('is accepted from a line without the port', async () => {
    const { server, home } = await openPair((_port, line) => line.replace(/^\S+/, '127.0.0.1'))
    await openConnection(home.host(server.port))
  })

  test('is found under the HostKeyAlias', async () => {
    const { server, home } = await openPair((_port, line) => line.replace(/^\S+/, 'farm'), ['HostKeyAlias farm'])
    await openConnection(home.host(server.port))
  })

  test.each(['ed25519', 'rsa', 'ecdsa'] as const)(
    'of type %s is requested although the host prefers another',
    async (type) => {
      const wanted = type === 'ecdsa' ? 'ecdsa-sha2-nistp256' : `ssh-${type}`
      const onlyThis = (_port: number, lines: string) =>
        lines
          .split('\n')
          .filter((line) => line.includes(` ${wanted} `))
          .join('\n')
      const { server, home } = await openPair(onlyThis, [], hostKeys)
      await openConnection(home.host(server.port))
    },
  )
})

describe('an unknown host key', () => {
  test('is refused where nobody can be asked', async () => {
    const { server, home } = await openPair(() => '')
    const error = await failureOf(openConnection(home.host(server.port)))
    const key = keyOf(server.knownHosts)
    expect(error.code).toBe('ssh-host-key-unknown')
    expect(error.message).toBe(
      `cannot trust "ssh://ann@127.0.0.1:${server.port}": its ED25519 key ${hostKeyFingerprint(key)} is unknown`,
    )
    expect(error.hints).toEqual([
      'compare this fingerprint with one from the host, then pass --accept-new-host-key, or add the key yourself:',
      `ssh-keyscan -p ${server.port} 127.0.0.1 >> ${home.knownHostsPath}`,
    ])
    expect(error.exitCode).toBe(4)
    expect(server.logins).toEqual([])
  })

  test('is remembered after a yes to the question', async () => {
    const { server, home } = await openPair(() => '# no newline at the end')
    const questions: HostKeyQuestion[] = []
    const askHostKey = async (question: HostKeyQuestion) => questions.push(question) > 0
    await openConnection(home.host(server.port), { askHostKey })
    await openConnection(home.host(server.port), { askHostKey })
    const fingerprint = hostKeyFingerprint(keyOf(server.knownHosts))
    expect(questions).toEqual([{ host: `ssh://ann@127.0.0.1:${server.port}`, keyType: 'ED25519', fingerprint }])
    expect(home.readKnownHosts()).toBe(`# no newline at the end\n${server.knownHosts}`)
  })

  test('is refused after a no to the question', async () => {
    const { server, home } = await openPair(() => '')
    const error = await failureOf(openConnection(home.host(server.port), { askHostKey: async () => false }))
    expect(error.code).toBe('ssh-host-key-unknown')
    expect(home.readKnownHosts()).toBe('')
  })

  test.each(['StrictHostKeyChecking yes', 'BatchMode yes'])('is refused without a question with %s', async (line) => {
    const { server, home } = await openPair(() => '', [line])
    let asked = 0
    const askHostKey = async () => asked++ >= 0
    expect((await failureOf(openConnection(home.host(server.port), { askHostKey }))).code).toBe('ssh-host-key-unknown')
    expect(asked).toBe(0)
  })

  test('is accepted and remembered with --accept-new-host-key, whatever the config says', async () => {
    const { server, home } = await openPair(() => '', ['StrictHostKeyChecking yes', 'BatchMode yes'])
    const lines: string[] = []
    await openConnection(home.host(server.port, { acceptNewHostKey: true }), { log: (line) => lines.push(line) })
    expect(home.readKnownHosts()).toBe(server.knownHosts)
    expect(statSync(home.knownHostsPath).mode & 0o777).toBe(0o600)
    expect(lines).toContain(`added the ED25519 key of "ssh://ann@127.0.0.1:${server.port}" to ${home.knownHostsPath}`)
  })

  test('is remembered hashed with HashKnownHosts', async () => {
    const { server, home } = await openPair(() => '', ['HashKnownHosts yes', 'StrictHostKeyChecking accept-new'])
    await openConnection(home.host(server.port))
    expect(home.readKnownHosts()).toMatch(/^\|1\|\S+ ssh-ed25519 \S+\n$/)
    await openConnection(home.host(server.port))
    expect(home.readKnownHosts().split('\n')).toHaveLength(2)
  })

  test('is remembered in ~/.ssh, which is created for it, and in no other absent folder', async () => {
    const { server, home } = await openPair(() => '')
    for (const [folder, isMade] of [
      ['.ssh', true],
      ['new', false],
    ] as const) {
      const homeFolder = `${home.folder}/home`
      const file = `${homeFolder}/${folder}/known_hosts`
      mkdirSync(homeFolder, { recursive: true })
      const config = `UserKnownHostsFile ${file}\nIdentityFile ${home.folder}/.ssh/id_ed25519\n`
      const name = home.host(server.port, { sshConfigPath: home.write('other', config), acceptNewHostKey: true })
      await openConnection(name, { homeFolder })
      expect(existsSync(file)).toBe(isMade)
      if (isMade) expect(statSync(`${homeFolder}/${folder}`).mode & 0o777).toBe(0o700)
    }
  })

  test('is refused where no file would store it', async () => {
    const { server, home } = await openPair(() => '')
    const config = `UserKnownHostsFile none\nIdentityFile ${home.folder}/.ssh/id_ed25519\n`
    const name = home.host(server.port, { sshConfigPath: home.write('other', config), acceptNewHostKey: true })
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-host-key-unknown')
    expect(error.hints).toEqual(['your ssh config keeps no new keys, because UserKnownHostsFile is none'])
  })

  test('is accepted although it cannot be remembered', async () => {
    const { server, home } = await openPair(() => '')
    const lines: string[] = []
    const config = `UserKnownHostsFile /dev/null/known_hosts\nIdentityFile ${home.folder}/.ssh/id_ed25519\n`
    const name = home.host(server.port, { sshConfigPath: home.write('other', config), acceptNewHostKey: true })
    await openConnection(name, { log: (line) => lines.push(line) })
    expect(lines.join('\n')).toContain('to /dev/null/known_hosts: ')
  })
})

describe('a changed host key', () => {
  const before = makeKeyPair().public

  test.each([[], ['StrictHostKeyChecking no'], ['StrictHostKeyChecking accept-new']])(
    'is refused with config %j',
    async (...config) => {
      const { server, home } = await openPair((port) => `# first\n[127.0.0.1]:${port} ${before}\n`, config)
      const name = home.host(server.port, { acceptNewHostKey: true })
      const error = await failureOf(openConnection(name, { askHostKey: async () => true }))
      const now = hostKeyFingerprint(keyOf(server.knownHosts))
      const known = hostKeyFingerprint(Buffer.from(before.split(' ')[1] ?? '', 'base64'))
      expect(error.code).toBe('ssh-host-key-changed')
      expect(error.message).toBe(
        `cannot trust "ssh://ann@127.0.0.1:${server.port}": its ED25519 key is now ${now}, not ${known} as in ${home.knownHostsPath} line 2`,
      )
      expect(error.hints).toEqual([
        'someone may be intercepting the connection, or the host was reinstalled: ask who runs it, and only then:',
        `ssh-keygen -f ${home.knownHostsPath} -R '[127.0.0.1]:${server.port}'`,
      ])
      expect(error.exitCode).toBe(4)
      expect(server.logins).toEqual([])
    },
  )

  test('is refused where another type is known, also with --accept-new-host-key, and nothing is written', async () => {
    const { server, home } = await openPair((port) => `[127.0.0.1]:${port} ${rsa.public}\n`)
    const before = home.readKnownHosts()
    const error = await failureOf(openConnection(home.host(server.port, { acceptNewHostKey: true })))
    const [now, known] = [keyOf(server.knownHosts), keyOf(rsa.public.split(' ').slice(0, 2).join(' '))].map(
      hostKeyFingerprint,
    )
    expect(error.code).toBe('ssh-host-key-changed')
    expect(error.message).toBe(
      `cannot trust "ssh://ann@127.0.0.1:${server.port}": its key is now ED25519 ${now}, not RSA ${known} as in ${home.knownHostsPath} line 1`,
    )
    expect(server.logins).toEqual([])
    expect(home.readKnownHosts()).toBe(before)
  })

  test('is refused without a question', async () => {
    const { server, home } = await openPair((port) => `[127.0.0.1]:${port} ${before}\n`)
    let asked = 0
    const error = await failureOf(openConnection(home.host(server.port), { askHostKey: async () => ++asked > 0 }))
    expect([error.code, asked]).toEqual(['ssh-host-key-changed', 0])
  })

  test('lets a key log in with StrictHostKeyChecking no, and reports it', async () => {
    const { server, home } = await openPair((port) => `[127.0.0.1]:${port} ${before}\n`, ['StrictHostKeyChecking no'])
    const written = home.readKnownHosts()
    const told: string[] = []
    const connection = await openConnection(home.host(server.port), { tell: (event) => told.push(event) })
    expect(connection.isUnproven()).toBe(true)
    expect(told).toEqual([
      expect.stringMatching(
        /key is now SHA256:\S+, not SHA256:\S+ as in \S+ line 1; the login goes on without passwords, because StrictHostKeyChecking is no$/,
      ),
    ])
    expect(home.readKnownHosts()).toBe(written)
  })

  test('gets no password with StrictHostKeyChecking no', async () => {
    const question = [{ prompt: 'Password: ', echo: false, answer: 'secret' }]
    const server = await openServer({ users: { ann: { password: 'secret', questions: question } } })
    const home = openHome(`[127.0.0.1]:${server.port} ${before}\n`, ['StrictHostKeyChecking no'])
    const environment = { PATH: process.env.PATH, KCAP_SSH_PASSWORD: 'secret' }
    const askSecret = async () => 'secret'
    const error = await failureOf(openConnection(home.host(server.port), { environment, askSecret, tell: () => {} }))
    expect(error.code).toBe('ssh-login-refused')
    expect(error.hints).toContain(
      'no password is sent to a host whose key is wrong, whatever StrictHostKeyChecking says',
    )
    expect(server.logins).toEqual(['ann none'])
  })

  test('is refused when it is revoked, although another line knows it', async () => {
    const { server, home } = await openPair((_port, line) => `${line}@revoked * ${line.replace(/^\S+ /, '')}`)
    const error = await failureOf(openConnection(home.host(server.port, { acceptNewHostKey: true })))
    expect(error.code).toBe('ssh-host-key-changed')
    expect(error.message).toMatch(/: its ED25519 key SHA256:\S+ is revoked in .*\/known_hosts line 2$/)
  })
})

describe('RevokedHostKeys', () => {
  async function openRevoking(content: (line: string) => string, config: string[] = []) {
    const { server, home } = await openPair((_port, line) => line, config)
    const [, type, base64] = server.knownHosts.trim().split(' ')
    const file = home.write('revoked', content(`${type} ${base64}`))
    const sshConfigPath = home.write(
      'other',
      `RevokedHostKeys ${file}\nUserKnownHostsFile ${home.knownHostsPath}\nIdentityFile ${home.folder}/.ssh/id_ed25519\n${config.join('\n')}\n`,
    )
    return { server, file, name: home.host(server.port, { sshConfigPath }) }
  }

  test.each([[], ['StrictHostKeyChecking no'], ['NoHostAuthenticationForLocalhost yes']])(
    'refuses a key in its list, with config %j',
    async (...config) => {
      const { server, file, name } = await openRevoking((line) => `# stolen\n${line} root@web\n`, config)
      const error = await failureOf(openConnection(name))
      expect(error.code).toBe('ssh-host-key-changed')
      expect(error.message).toMatch(/: its ED25519 key SHA256:\S+ is revoked in /)
      expect(error.message.endsWith(`${file} line 2`)).toBe(true)
      expect(server.logins).toEqual([])
    },
  )

  test('accepts other keys', async () => {
    const { name } = await openRevoking(() => `# stolen\n\n${makeKeyPair().public}\n`)
    await openConnection(name)
  })

  test('that cannot be read to its end accepts no key', async () => {
    const { file, name } = await openRevoking(() => `${makeKeyPair().public}\nrubbish\n`)
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-failed')
    expect(error.message).toBe(
      `cannot check the host key of "ssh://ann@127.0.0.1:${name.port}": line 2 is no public key (RevokedHostKeys ${file})`,
    )
    expect(error.hints).toEqual([`ls -l ${file}`])
    rmSync(file)
    expect((await failureOf(openConnection(name))).message).toContain(`": it can't be read: no such file (Revoked`)
  })
})

test.each([
  ['KnownHostsCommand /bin/true', 'its keys come from a KnownHostsCommand'],
  ['VerifyHostKeyDNS ask', 'VerifyHostKeyDNS looks its key up'],
  ['RevokedHostKeys FOLDER/.ssh/list', 'FOLDER/.ssh/list is a key revocation list'],
])('%s is refused where ssh cannot check it, before kcap dials', async (line, reason) => {
  const { server, home } = await openPair((_port, known) => known)
  home.write('list', 'SSHKRL\n\0rest')
  const inFolder = (text: string) => text.replaceAll('FOLDER', home.folder)
  const sshConfigPath = home.write('other', `${inFolder(line)}\nUserKnownHostsFile ${home.knownHostsPath}\n`)
  for (const [client, PATH] of [
    ['ssh2', process.env.PATH],
    ['auto', '/nowhere'],
  ] as const) {
    const name = home.host(server.port, { sshConfigPath, client })
    const error = await failureOf(openConnection(name, { environment: { PATH } }))
    expect(error.code).toBe('ssh-failed')
    expect(error.message).toBe(
      `cannot check the host key of "ssh://ann@127.0.0.1:${server.port}": only the ssh program does it: ${inFolder(reason)}`,
    )
    expect(error.hints).toEqual(['install OpenSSH, and do not pass --ssh-client ssh2'])
  }
  expect(server.connectionCount()).toBe(0)
})
