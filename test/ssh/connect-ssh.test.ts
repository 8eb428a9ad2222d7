import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { SshHostName } from '../../src/base/target.ts'
import { collect, failureOf, noSignal, openConnection, openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair, type SshServerOptions } from '../support/ssh-server.ts'

const pair = makeKeyPair()
const users = { ann: { keys: [pair.public] } }
const quick = { keepaliveIntervalMs: 60, keepaliveCountMax: 3 }

async function openHost(more: Partial<SshServerOptions> = {}, config: string[] = []) {
  const server = await openServer({ users, ...more })
  const home = openHome(server.knownHosts, config)
  home.write('id_ed25519', pair.private)
  return { server, home, name: home.host(server.port), label: `ssh://ann@127.0.0.1:${server.port}` }
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('connectSsh()', () => {
  test('runs several programs over one connection', async () => {
    const { name, server } = await openHost()
    const connection = await openConnection(name)
    const processes = await Promise.all(
      ['echo a', 'echo b; exit 3'].map((line) => connection.startProcess(line, noSignal())),
    )
    const ends = await Promise.all(processes.map(collect))
    expect(ends.map(({ stdout, exit }) => [stdout, exit])).toEqual([
      ['a\n', { kind: 'exited', code: 0 }],
      ['b\n', { kind: 'exited', code: 3 }],
    ])
    expect(server.connectionCount()).toBe(1)
    expect(connection.host).toMatchObject({ host: '127.0.0.1', port: server.port, user: 'ann' })
  })

  test('close() ends the programs and leaves no socket', async () => {
    const { name, server } = await openHost()
    const connection = await openConnection(name)
    const program = await connection.startProcess('sleep 60', noSignal())
    const end = collect(program)
    await connection.close()
    expect((await end).exit).toMatchObject({ kind: 'lost', error: { code: 'connection-lost' } })
    await expect.poll(() => server.connectionCount()).toBe(0)
    await connection.close()
  })

  test('an abort ends a connection in use', async () => {
    const { name, label } = await openHost()
    const abort = new AbortController()
    const connection = await openConnection(name, { signal: abort.signal })
    const end = collect(await connection.startProcess('sleep 60', noSignal()))
    abort.abort()
    expect((await end).exit).toMatchObject({
      kind: 'lost',
      error: { message: `cannot continue with "${label}": kcap closed the connection` },
    })
  })

  test.each(['none', 'hang-up', undefined] as const)(
    'an abort while connecting rejects with its reason (greeting: %s)',
    async (greeting) => {
      const { name } = await openHost(greeting === undefined ? {} : { greeting })
      const reason = new Error('stopped')
      const abort = new AbortController()
      const attempt = openConnection(name, { signal: abort.signal })
      abort.abort(reason)
      await expect(attempt).rejects.toBe(reason)
    },
  )

  test('an abort during a question ends it at once', async () => {
    const server = await openServer({ users: { ann: { password: 'x' } } })
    const home = openHome(server.knownHosts)
    const abort = new AbortController()
    const attempt = openConnection(home.host(server.port), {
      signal: abort.signal,
      askSecret: () => {
        abort.abort(new Error('stopped'))
        return new Promise(() => {})
      },
    })
    await expect(attempt).rejects.toThrow('stopped')
    await expect.poll(() => server.connectionCount()).toBe(0)
  })
})

describe('the error for an unreachable host', () => {
  test('says that the port is closed', async () => {
    const home = openHome()
    const port = await closedPort()
    const error = await failureOf(openConnection(home.host(port)))
    expect(error.code).toBe('ssh-unreachable')
    expect(error.message).toBe(`cannot reach "ssh://ann@127.0.0.1:${port}": connection refused`)
    expect(error.hints).toEqual([
      `ssh -F ${home.folder}/.ssh/config -p ${port} ann@127.0.0.1`,
      'check --ssh-host and --ssh-port, and whether you need --jump-host or a VPN',
    ])
    expect(error.exitCode).toBe(4)
  })

  test('says that the name is unknown', async () => {
    const home = openHome()
    const error = await failureOf(openConnection(home.host(22, { host: 'nobody.invalid' })))
    expect(error.code).toBe('ssh-unreachable')
    expect(error.message).toMatch(
      /^cannot reach "ssh:\/\/ann@nobody\.invalid": (no such host name|its name cannot be looked up now)$/,
    )
  })

  test('says that it does not answer', async () => {
    const { name, label, server, home } = await openHost({ greeting: 'none' }, ['ConnectTimeout 1'])
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-timeout')
    expect(error.message).toBe(`cannot connect to "${label}": no answer during the handshake`)
    expect(error.hints).toEqual([
      `ssh -F ${home.folder}/.ssh/config -p ${server.port} ann@127.0.0.1`,
      'a firewall may drop the packets; --jump-host [USER@]HOST goes through another host',
    ])
    expect(error.exitCode).toBe(4)
    await expect.poll(() => server.connectionCount()).toBe(0)
  })

  test('says that it hung up', async () => {
    const { name, label, home } = await openHost({ greeting: 'hang-up' })
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-failed')
    expect(error.message).toBe(`cannot connect to "${label}": the host closed the connection`)
    expect(error.hints).toEqual([`ssh -v -F ${home.folder}/.ssh/config -p ${label.split(':').at(-1)} ann@127.0.0.1`])
    expect(error.exitCode).toBe(4)
  })

  test('says that it is no SSH host', async () => {
    const web = createServer((socket) =>
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(50)),
    )
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const address = web.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const error = await failureOf(openConnection(openHome().host(port)))
    web.close()
    expect(error.code).toBe('ssh-failed')
    expect(error.message).toMatch(/^cannot connect to "ssh:\/\/ann@127\.0\.0\.1:\d+": /)
  })

  test('says that no cipher is common to both', async () => {
    const { name, label } = await openHost({ ciphers: ['aes256-cbc'] })
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-failed')
    expect(error.message).toBe(`cannot connect to "${label}": kcap and the host have no C->S cipher in common`)
  })
})

describe('the Ciphers of the config', () => {
  test.each([
    ['aes256-ctr,aes128-gcm@openssh.com', 'aes256-ctr'],
    ['aes256-ctr', 'aes256-ctr'],
    ['chacha20-poly1305@openssh.com', 'chacha20-poly1305@openssh.com'],
  ])('%s set the ciphers %s', async (ciphers, expected) => {
    const { name } = await openHost({}, [`Ciphers ${ciphers}`])
    const lines: string[] = []
    await openConnection(name, { log: (line) => lines.push(line) })
    expect(lines.find((line) => line.includes(' uses '))).toMatch(new RegExp(`, ${expected}$`))
  })

  test('that kcap does not support are reported before it dials', async () => {
    const { name, label, server } = await openHost({}, ['Ciphers aes256-cbc'])
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-failed')
    expect(error.message).toBe(
      `cannot connect to "${label}": the Ciphers of your ssh config name none that kcap supports`,
    )
    expect(error.hints[0]).toMatch(/^Ciphers aes128-gcm@openssh\.com,/)
    expect(server.connectionCount()).toBe(0)
  })
})

describe('a connection in use', () => {
  test('that is cut ends its programs with the loss', async () => {
    const { name, server, label } = await openHost()
    const connection = await openConnection(name)
    const end = collect(await connection.startProcess('echo begun; sleep 60', noSignal()))
    await expect.poll(() => server.commands.length).toBe(1)
    server.cut()
    const { exit } = await end
    expect(exit).toMatchObject({ kind: 'lost', error: { code: 'connection-lost', exitCode: 1, hints: [] } })
    expect(exit.kind === 'lost' && exit.error.message).toBe(
      `cannot continue with "${label}": the connection broke: read ECONNRESET`,
    )
    await expect(connection.startProcess('true', noSignal())).rejects.toMatchObject({ code: 'connection-lost' })
  })

  test('that falls silent ends after the keepalives', async () => {
    const { name, server, label } = await openHost()
    const connection = await openConnection(name, { silence: quick })
    const program = await connection.startProcess('echo begun; sleep 60', noSignal())
    await new Promise((resolve) => program.stdout.once('readable', resolve))
    server.freeze()
    const { exit } = await collect(program)
    expect(exit.kind === 'lost' && exit.error.message).toBe(
      `cannot continue with "${label}": nothing came from the host for 0.18 s`,
    )
  })

  test('stays open while the host answers keepalives, even when the reader sleeps', async () => {
    const { name } = await openHost()
    const connection = await openConnection(name, { silence: quick })
    const program = await connection.startProcess('head -c 9000000 /dev/zero', noSignal())
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect((await collect(program)).exit).toEqual({ kind: 'exited', code: 0 })
  })
})

describe('a connection through a jump host:', () => {
  async function openJump(jumpOptions: Partial<SshServerOptions> = {}, targetOptions: Partial<SshServerOptions> = {}) {
    const bob = makeKeyPair()
    const jump = await openServer({ users: { bob: { keys: [bob.public] } }, allowForwarding: true, ...jumpOptions })
    const target = await openServer({ users, ...targetOptions })
    const home = openHome(jump.knownHosts + target.knownHosts, [])
    home.write('id_ed25519', pair.private)
    const jumpKey = home.write('id_bob', bob.private)
    const rest = ['Host *', `  UserKnownHostsFile ${home.knownHostsPath}`, '  GlobalKnownHostsFile none']
    const config = [
      'Host hop',
      '  HostName 127.0.0.1',
      `  Port ${jump.port}`,
      '  User bob',
      `  IdentityFile ${jumpKey}`,
    ]
    const own = ['Match host 127.0.0.1 user ann', `  IdentityFile ${home.folder}/.ssh/id_ed25519`]
    const sshConfigPath = home.write('config', [...config, ...own, ...rest].join('\n'))
    const name: SshHostName = home.host(target.port, { sshConfigPath, jumpHost: 'hop' })
    const label = `ssh://ann@127.0.0.1:${target.port}`
    return { jump, target, name, home, label, jumpLabel: `ssh://bob@127.0.0.1:${jump.port}` }
  }

  test('each hop logs in with its own settings', async () => {
    const { jump, target, name } = await openJump()
    const connection = await openConnection(name)
    const { stdout } = await collect(await connection.startProcess('head -c 5000000 /dev/zero | wc -c', noSignal()))
    expect(stdout.trim()).toBe('5000000')
    expect(new Set(jump.logins)).toEqual(new Set(['bob none', 'bob publickey']))
    expect(new Set(target.logins)).toEqual(new Set(['ann none', 'ann publickey']))
    await connection.close()
    await expect.poll(() => jump.connectionCount() + target.connectionCount()).toBe(0)
  })

  test('the jump host does not get KCAP_SSH_PASSWORD', async () => {
    const { jump, name } = await openJump({ users: { bob: { password: 'x' } } })
    const environment = { PATH: process.env.PATH, KCAP_SSH_PASSWORD: 'x' }
    expect((await failureOf(openConnection(name, { environment }))).code).toBe('ssh-jump-failed')
    expect(jump.logins).toEqual(['bob none'])
  })

  test('the error names a jump host that refuses the login', async () => {
    const { name, label, jumpLabel } = await openJump({ users: { bob: { keys: [makeKeyPair().public] } } })
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-jump-failed')
    expect(error.message).toBe(
      `cannot reach "${label}" through its jump host: cannot log in to "${jumpLabel}": the host refused every login`,
    )
    expect(error.hints[0]).toMatch(/^tried: .*id_bob; the host takes: publickey$/)
    expect(error.exitCode).toBe(4)
  })

  test('the error names a jump host that is down', async () => {
    const { name } = await openJump()
    const port = await closedPort()
    const error = await failureOf(openConnection({ ...name, jumpHost: `eve@127.0.0.1:${port}` }))
    expect(error.code).toBe('ssh-jump-failed')
    expect(error.message).toContain(`: cannot reach "ssh://eve@127.0.0.1:${port}": connection refused`)
  })

  test('the error names a jump host with an unknown key', async () => {
    const { name, jump, home } = await openJump()
    home.write('known_hosts', '')
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-jump-failed')
    expect(error.message).toMatch(/: cannot trust "ssh:\/\/bob@.*is unknown$/)
    expect(jump.logins).toEqual([])
  })

  test('the error names a jump host that forwards nothing', async () => {
    const { name, label, jumpLabel, jump } = await openJump({ allowForwarding: false })
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-jump-failed')
    expect(error.message).toMatch(`cannot reach "${label}" through its jump host: "${jumpLabel}" `)
    expect(error.hints).toEqual([`ssh -J bob@127.0.0.1:${jump.port} -p ${label.split(':').at(-1)} ann@127.0.0.1`])
    await expect.poll(() => jump.connectionCount()).toBe(0)
  })

  test("a refusal of the host behind it is that host's error", async () => {
    const { name, label, jump } = await openJump({}, { users: { ann: { keys: [] } } })
    const error = await failureOf(openConnection(name))
    expect(error.code).toBe('ssh-login-refused')
    expect(error.message).toContain(`"${label}"`)
    await expect.poll(() => jump.connectionCount()).toBe(0)
  })

  test('kcap notices a cut between jump host and host', async () => {
    const { name, target, jump } = await openJump()
    const connection = await openConnection(name, { silence: quick })
    const end = collect(await connection.startProcess('sleep 60', noSignal()))
    await expect.poll(() => target.commands.length).toBe(1)
    target.freeze()
    expect((await end).exit).toMatchObject({ kind: 'lost', error: { code: 'connection-lost' } })
    await expect.poll(() => jump.connectionCount()).toBe(0)
  })
})
