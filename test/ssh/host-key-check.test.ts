import { statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { HostKeyQuestion } from '../../src/ssh/host-key-check.ts'
import { hostKeyFingerprint } from '../../src/ssh/known-hosts.ts'
import { failureOf, openConnection, openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair } from '../support/ssh-server.ts'

const login = makeKeyPair()
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
  test('is accepted and nothing is written', async () => {
    const { server, home } = await openPair((_port, line) => line)
    await openConnection(home.host(server.port))
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
    'of type %s is asked for although the host prefers another',
    async (type) => {
      const hostKeys = ['ed25519', 'ecdsa', 'rsa'].map((kind) => makeKeyPair(kind as 'rsa').private)
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

  test('is asked about, and remembered after a yes', async () => {
    const { server, home } = await openPair(() => '# no newline at the end')
    const questions: HostKeyQuestion[] = []
    const askHostKey = async (question: HostKeyQuestion) => questions.push(question) > 0
    await openConnection(home.host(server.port), { askHostKey })
    await openConnection(home.host(server.port), { askHostKey })
    const fingerprint = hostKeyFingerprint(keyOf(server.knownHosts))
    expect(questions).toEqual([{ host: `ssh://ann@127.0.0.1:${server.port}`, keyType: 'ED25519', fingerprint }])
    expect(home.readKnownHosts()).toBe(`# no newline at the end\n${server.knownHosts}`)
  })

  test('is refused after a no', async () => {
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

  test('is remembered hashed with HashKnownHosts, in a folder made for it', async () => {
    const { server, home } = await openPair(() => '')
    const file = `${home.folder}/new/known_hosts`
    const configPath = home.write(
      'other',
      `UserKnownHostsFile ${file}\nHashKnownHosts yes\nStrictHostKeyChecking accept-new\nIdentityFile ${home.folder}/.ssh/id_ed25519\n`,
    )
    const name = home.host(server.port, { sshConfigPath: configPath })
    await openConnection(name)
    expect(statSync(`${home.folder}/new`).mode & 0o777).toBe(0o700)
    await openConnection({
      ...name,
      sshConfigPath: home.write(
        'strict',
        `UserKnownHostsFile ${file}\nStrictHostKeyChecking yes\nIdentityFile ${home.folder}/.ssh/id_ed25519\n`,
      ),
    })
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
        'someone may stand between you and the host, or it was set up anew: ask who runs it, and only then:',
        `ssh-keygen -f ${home.knownHostsPath} -R '[127.0.0.1]:${server.port}'`,
      ])
      expect(error.exitCode).toBe(4)
      expect(server.logins).toEqual([])
    },
  )

  test('is refused when it is revoked, although another line knows it', async () => {
    const { server, home } = await openPair((_port, line) => `${line}@revoked * ${line.replace(/^\S+ /, '')}`)
    const error = await failureOf(openConnection(home.host(server.port, { acceptNewHostKey: true })))
    expect(error.code).toBe('ssh-host-key-changed')
    expect(error.message).toMatch(/: its ED25519 key SHA256:\S+ is revoked in .*\/known_hosts line 2$/)
  })
})
