import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { collect, failureOf, noSignal, openConnection, openHome, openServer } from '../support/ssh-fixture.ts'
import { makeKeyPair, type SshServer } from '../support/ssh-server.ts'

/** The words of a process; none when it has just ended. */
function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** Hosts `a`, `b`, … on loopback, each with a user of that name and a key of its own; the config gives every one its line. */
async function openHosts(names: readonly string[], lines: Readonly<Record<string, readonly string[]>> = {}) {
  const servers = new Map<string, SshServer>()
  const home = openHome()
  const config: string[] = []
  for (const name of names) {
    const pair = makeKeyPair()
    const server = await openServer({ users: { [name]: { keys: [pair.public] } }, allowForwarding: true })
    servers.set(name, server)
    config.push(`Host ${name}`, '  HostName 127.0.0.1', `  Port ${server.port}`, `  User ${name}`)
    config.push(`  IdentityFile ${home.write(`id_${name}`, pair.private)}`, '  IdentitiesOnly yes')
    config.push(...(lines[name] ?? []).map((line) => `  ${line}`))
  }
  home.write('known_hosts', [...servers.values()].map(({ knownHosts }) => knownHosts).join(''))
  config.push('Host *', `  UserKnownHostsFile ${home.knownHostsPath}`, '  GlobalKnownHostsFile none')
  const sshConfigPath = home.write('config', `${config.join('\n')}\n`)
  const server = (name: string) => servers.get(name) as SshServer
  const label = (name: string) => `ssh://${name}@127.0.0.1:${server(name).port}`
  const host = (name: string, jumpHost?: string) =>
    ({ kind: 'ssh', host: name, sudo: 'none', client: 'ssh2', sshConfigPath, jumpHost }) as const
  return { host, server, label, home }
}

async function whoAnswers(connection: Awaited<ReturnType<typeof openConnection>>): Promise<string> {
  return (await collect(await connection.startProcess('echo here', noSignal()))).stdout
}

describe('a chain of jump hosts', () => {
  test.each([
    ['in one line of the config', { d: ['ProxyJump a,b,c'] }, undefined],
    ['by flag', {}, 'a,b,c'],
    ['each in the config of the next', { d: ['ProxyJump c'], c: ['ProxyJump b'], b: ['ProxyJump a'] }, undefined],
    ['the first by its own config', { b: ['ProxyJump a'] }, 'b,c'],
  ])('given %s is followed in order', async (_how, lines, jumpHost) => {
    const { host, server } = await openHosts(['a', 'b', 'c', 'd'], lines)
    expect(await whoAnswers(await openConnection(host('d', jumpHost)))).toBe('here\n')
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(server(name).connectionCount()).toBe(1)
      expect(new Set(server(name).logins)).toEqual(new Set([`${name} none`, `${name} publickey`]))
    }
  })

  test("keeps the route to a hop, whatever that hop's config says", async () => {
    const { host, server } = await openHosts(['a', 'b', 'c'], { b: ['ProxyJump c'] })
    expect(await whoAnswers(await openConnection(host('c', 'a,b')))).toBe('here\n')
    expect(server('c').connectionCount()).toBe(1)
  })

  test('names the jump host that fails', async () => {
    const { host, server, label } = await openHosts(['a', 'b', 'c'], { c: ['ProxyJump a,b'] })
    await server('b').close()
    const error = await failureOf(openConnection(host('c')))
    expect(error.code).toBe('ssh-jump-failed')
    expect(error.message).toMatch(
      `cannot reach "${label('c')}" through its jump host: cannot reach "${label('b')}" through its jump host: "${label('a')}" `,
    )
    await expect.poll(() => server('a').connectionCount()).toBe(0)
  })

  test('refuses a cycle', async () => {
    const { host } = await openHosts(['a', 'b'], { a: ['ProxyJump b'], b: ['ProxyJump a'] })
    const error = await failureOf(openConnection(host('a')))
    expect(error.code).toBe('ssh-jump-failed')
    expect(error.message).toMatch(/they lead through each other: b comes again and again$/)
  })

  test('ends the hops behind a jump host that dies', async () => {
    const { host, server } = await openHosts(['a', 'b', 'c'], { c: ['ProxyJump a,b'] })
    const connection = await openConnection(host('c'))
    const end = collect(await connection.startProcess('sleep 60', noSignal()))
    await expect.poll(() => server('c').commands.length).toBe(1)
    server('b').cut()
    expect((await end).exit).toMatchObject({ kind: 'lost', error: { code: 'connection-lost' } })
    await expect.poll(() => server('a').connectionCount()).toBe(0)
  })
})

describe('a ProxyCommand', () => {
  const relay = `const s = require("net").connect(+process.argv[2], process.argv[1]); process.stdin.pipe(s).pipe(process.stdout)`
  const through = (mark: string) => `ProxyCommand ${process.execPath} -e '${relay}' %h %p ${mark}`
  const isRunning = (mark: string) =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .some((name) => readCommandLine(name).includes(mark))

  test('carries the connection, and ends with it', async () => {
    const mark = `proxy-${process.pid}-ends`
    const { host } = await openHosts(['a'], { a: [through(mark)] })
    const connection = await openConnection(host('a'))
    const { stdout } = await collect(await connection.startProcess('head -c 5000000 /dev/zero | wc -c', noSignal()))
    expect(stdout.trim()).toBe('5000000')
    expect(isRunning(mark)).toBe(true)
    await connection.close()
    await expect.poll(() => isRunning(mark)).toBe(false)
  })

  test('reaches the first of several jump hosts', async () => {
    const { host } = await openHosts(['a', 'b'], { a: [through('first')], b: ['ProxyJump a'] })
    expect(await whoAnswers(await openConnection(host('b')))).toBe('here\n')
  })

  test('is ignored with --jump-host', async () => {
    const { host } = await openHosts(['a', 'b'], { b: ['ProxyCommand exit 1'] })
    expect(await whoAnswers(await openConnection(host('b', 'a')))).toBe('here\n')
    expect(await whoAnswers(await openConnection(host('b', 'none')))).toBe('here\n')
  })

  test('that fails is reported in its own words', async () => {
    const { host, label } = await openHosts(['a'], { a: ["ProxyCommand sh -c 'echo no way to %n >&2; exit 7'"] })
    const error = await failureOf(openConnection(host('a')))
    expect(error.code).toBe('ssh-failed')
    expect(error.message).toBe(`cannot reach "${label('a')}": its ProxyCommand ended with exit code 7: no way to a`)
    expect(error.hints[0]).toMatch(/^ProxyCommand sh/)
    expect(error.exitCode).toBe(4)
  })

  test('that is silent times out', async () => {
    const mark = `sleep 3${process.pid}`
    const { host } = await openHosts(['a'], { a: [`ProxyCommand ${mark}`, 'ConnectTimeout 1'] })
    expect((await failureOf(openConnection(host('a')))).code).toBe('ssh-timeout')
    await expect.poll(() => isRunning(mark)).toBe(false)
  })

  test('gets no password of kcap', async () => {
    const { host, home } = await openHosts(['a'], { a: [`ProxyCommand env >${'$'}PROXY_OUT; exit 1`] })
    const environmentFile = `${home.folder}/env`
    Object.assign(process.env, { KCAP_SSH_PASSWORD: 'secret-of-kcap', PROXY_OUT: environmentFile })
    try {
      await failureOf(openConnection(host('a'), { homeFolder: home.folder }))
    } finally {
      delete process.env.KCAP_SSH_PASSWORD
      delete process.env.PROXY_OUT
    }
    expect(readFileSync(environmentFile, 'utf8')).toContain('PATH=')
    expect(readFileSync(environmentFile, 'utf8')).not.toContain('secret-of-kcap')
  })
})
