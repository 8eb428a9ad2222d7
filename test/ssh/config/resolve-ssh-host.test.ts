import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { SshHostName } from '../../../src/base/target.ts'
import { parseSshAnswer, readSshConfigFile } from '../../../src/ssh/config/read-ssh-config.ts'
import { applySshSettings, resolveSshHost } from '../../../src/ssh/config/resolve-ssh-host.ts'
import { failureOf, noSignal, openHome } from '../../support/ssh-fixture.ts'
import { makeTempFolder } from '../../support/temp-folder.ts'

const name: SshHostName = { kind: 'ssh', host: 'web', sudo: 'none' }
const resolve = (answer: string, flags: Partial<SshHostName> = {}, environment: NodeJS.ProcessEnv = {}) =>
  applySshSettings({ ...name, ...flags }, parseSshAnswer(answer), { environment, homeFolder: '/home/ann' })

describe('applySshSettings()', () => {
  test('takes name, port and user from the config', () => {
    const host = resolve('hostname 10.0.0.1\nport 2222\nuser root\n')
    expect(host).toMatchObject({ alias: 'web', host: '10.0.0.1', port: 2222, user: 'root' })
  })

  test('prefers flags to the config', () => {
    const answer = 'hostname 10.0.0.1\nport 2222\nuser root\nproxyjump a\n'
    const host = resolve(answer, { user: 'eve', port: 22, jumpHost: 'b' })
    expect(host).toMatchObject({ host: '10.0.0.1', port: 22, user: 'eve', proxyJump: 'b' })
  })

  test('connects directly with --jump-host none', () => {
    expect(resolve('proxyjump a\n', { jumpHost: 'none' }).proxyJump).toBeUndefined()
  })

  test('expands tokens that ssh -G leaves in file names', () => {
    const answer =
      'hostname 10.0.0.1\nport 2222\nuser root\nhostkeyalias farm\nidentityfile ~/.ssh/%r@%h-%n-%p-%k\nidentityfile $' +
      '{KEYS}/a%%b\nidentityfile %d/%Q\n'
    expect(resolve(answer, {}, { KEYS: '/keys' }).identityFiles).toEqual([
      '/home/ann/.ssh/root@10.0.0.1-web-2222-farm',
      '/keys/a%b',
      '/home/ann/%Q',
    ])
  })

  test('distinguishes explicit key files from those of the config, and has none for "none"', () => {
    const host = resolve('identityfile none\n', { identityFiles: ['~/key'] })
    expect(host.explicitIdentityFiles).toEqual(['/home/ann/key'])
    expect(host.identityFiles).toEqual([])
  })

  test('splits known_hosts files, also those with spaces in their names', () => {
    const answer = 'userknownhostsfile /Users/Ann Bee/.ssh/known_hosts ~/.ssh/known_hosts2\nglobalknownhostsfile none\n'
    const host = resolve(answer)
    expect(host.userKnownHostsFiles).toEqual(['/Users/Ann Bee/.ssh/known_hosts', '/home/ann/.ssh/known_hosts2'])
    expect(host.globalKnownHostsFiles).toEqual([])
  })

  test.each([
    ['', { SSH_AUTH_SOCK: '/run/agent' }, '/run/agent'],
    ['identityagent none\n', { SSH_AUTH_SOCK: '/run/agent' }, undefined],
    ['identityagent SSH_AUTH_SOCK\n', { SSH_AUTH_SOCK: '/run/agent' }, '/run/agent'],
    ['identityagent $MY_AGENT\n', { MY_AGENT: '/run/mine', SSH_AUTH_SOCK: '/run/agent' }, '/run/mine'],
    ['identityagent ~/agent-%h\n', { SSH_AUTH_SOCK: '/run/agent' }, '/home/ann/agent-web'],
  ])('finds the agent with %j', (answer, environment, expected) => {
    expect(resolve(answer, {}, environment).agentSocket).toBe(expected)
  })

  test.each([
    ['true', 'yes'],
    ['yes', 'yes'],
    ['ask', 'ask'],
    ['accept-new', 'accept-new'],
    ['false', 'no'],
    ['off', 'no'],
    ['something new', 'yes'],
  ])('reads StrictHostKeyChecking %s as %s', (value, expected) => {
    expect(resolve(`stricthostkeychecking ${value}\n`).strictHostKeyChecking).toBe(expected)
  })

  test('orders and disables authentication methods', () => {
    expect(resolve('').loginMethods).toEqual(['publickey', 'keyboard-interactive', 'password'])
    const answer =
      'preferredauthentications gssapi-with-mic,password,publickey,keyboard-interactive\npubkeyauthentication false\nkbdinteractiveauthentication no\n'
    expect(resolve(answer).loginMethods).toEqual(['password'])
  })

  test('reads timeouts and lists', () => {
    expect(resolve('connecttimeout 3\n').connectTimeoutMs).toBe(3000)
    expect(resolve('connecttimeout none\n').connectTimeoutMs).toBe(10_000)
    expect(resolve('ciphers aes256-ctr,aes128-ctr\n').algorithms.ciphers).toEqual(['aes256-ctr', 'aes128-ctr'])
    expect(resolve('ciphers +aes256-cbc\n').algorithms.ciphers).toBeUndefined()
  })
})

describe('resolveSshHost()', () => {
  const config = [
    'Host farm',
    '  HostName 10.9.8.7',
    '  Port 2022',
    '  User bob',
    '  ProxyJump hop',
    'Match exec "exit 0"',
    '  Port 99',
  ]
  const ask = { signal: noSignal(), environment: { PATH: process.env.PATH } }

  test('finds an alias both through ssh and in the file where there is no ssh', async () => {
    const home = openHome('', config.slice(0, 5))
    const flags = { ...name, host: 'farm', sshConfigPath: home.configPath }
    const byDefault = await resolveSshHost(flags, { ...ask, homeFolder: home.folder })
    const withoutSsh = await resolveSshHost(flags, {
      ...ask,
      environment: { PATH: '/nowhere' },
      homeFolder: home.folder,
    })
    for (const host of [byDefault, withoutSsh]) {
      expect(host).toMatchObject({ host: '10.9.8.7', port: 2022, user: 'bob', proxyJump: 'hop' })
      expect(host.userKnownHostsFiles).toEqual([home.knownHostsPath])
    }
  })

  test('never runs the programs of Match exec itself', async () => {
    const home = openHome('', config.slice(5))
    const question = { host: 'farm', configPath: home.configPath, homeFolder: home.folder, ...ask }
    expect((await readSshConfigFile(question)).get('port')).toBeUndefined()
  })

  test('reads included files, by name and by pattern, each once despite a cycle', async () => {
    const home = openHome('', ['Include parts/*.conf "no such file"', `Include ${'~'}/.ssh/more`])
    mkdirSync(`${home.folder}/.ssh/parts`)
    home.write('parts/a.conf', 'Host farm\n  HostName 10.9.8.7\nInclude more\n')
    home.write('parts/.hidden.conf', 'Host farm\n  HostName 10.0.0.1\n')
    home.write('more', 'Host farm\n  User bob\nInclude more\n')
    const environment = { PATH: '/nowhere' }
    const flags = { ...name, host: 'farm', sshConfigPath: home.configPath }
    const host = await resolveSshHost(flags, { ...ask, environment, homeFolder: home.folder })
    expect(host).toMatchObject({ host: '10.9.8.7', user: 'bob' })
  })

  test('needs no config file at all', async () => {
    const home = openHome()
    const environment = { PATH: '/nowhere' }
    const host = await resolveSshHost(name, { ...ask, environment, homeFolder: `${home.folder}/none` })
    expect(host).toMatchObject({ host: 'web', port: 22, strictHostKeyChecking: 'ask' })
    expect(host.identityFiles).toContain(`${home.folder}/none/.ssh/id_ed25519`)
  })

  test('names the config file that it could not read', async () => {
    for (const PATH of [process.env.PATH, '/nowhere']) {
      const flags = { ...name, sshConfigPath: '/nowhere/config' }
      const error = await failureOf(resolveSshHost(flags, { ...ask, environment: { PATH }, homeFolder: '/nowhere' }))
      expect(error.code).toBe('ssh-failed')
      expect(error.message).toMatch(/^cannot read the ssh config for "web": .*\/nowhere\/config/)
      expect(error.hints).toEqual(['ssh -F /nowhere/config -G -- web'])
      expect(error.exitCode).toBe(4)
    }
  })

  test.each(['-oProxyCommand=touch x', 'a b', 'a\nb', ''])('refuses %j as a host name', async (host) => {
    const error = await failureOf(resolveSshHost({ ...name, host }, { ...ask, homeFolder: '/nowhere' }))
    expect(error.code).toBe('usage')
    expect(error.message).toBe(`cannot reach ${JSON.stringify(host)}: not a host name`)
  })

  test.each(['$(touch x)', '`touch x`', 'a;b', "a'b", '-oProxyCommand=x', 'a -b', 'a\nb', 'a\\'])(
    'refuses %j as a user',
    async (user) => {
      const error = await failureOf(resolveSshHost({ ...name, user }, { ...ask, homeFolder: '/nowhere' }))
      expect(error.code).toBe('usage')
      expect(error.message).toBe(`cannot log in as ${JSON.stringify(user)}: not a user name`)
      expect(error.hints).toEqual(['--ssh-user USER takes the name of an account there'])
    },
  )

  test.each(['DOMAIN\\ann', 'ann@realm', 'ann smith', 'svc$', 'анна'])('accepts %j as a user', async (user) => {
    const home = openHome()
    const environment = { PATH: '/nowhere' }
    expect((await resolveSshHost({ ...name, user }, { ...ask, environment, homeFolder: home.folder })).user).toBe(user)
  })
})

describe('settings that only a file which no ssh has read can have', () => {
  test.each(['port x\n', 'port 0\n', 'port 65536\n'])('are refused in %j', (answer) => {
    expect(() => resolve(answer)).toThrow(expect.objectContaining({ code: 'ssh-failed' }))
  })

  test('include times that are none, or that no timer accepts, as none or the longest', () => {
    expect(resolve('connecttimeout -5\nserveraliveinterval -5\n')).toMatchObject({
      connectTimeoutMs: 10_000,
      silence: { keepaliveIntervalMs: 5_000 },
    })
    expect(resolve('connecttimeout 99999999999\n').connectTimeoutMs).toBeLessThan(2 ** 31)
    expect(resolve('numberofpasswordprompts x\n').passwordPrompts).toBe(3)
  })

  test('include the name of a built-in property as neither an authentication method nor a variable', () => {
    expect(resolve('preferredauthentications toString,password\n').loginMethods).toEqual(['password'])
    expect(resolve('identityagent $constructor\n').agentSocket).toBe(undefined)
    expect(resolve(`identityfile $${'{constructor}'}\n`).identityFiles).toEqual([`$${'{constructor}'}`])
  })

  test('are refused in a file that makes no sense', async () => {
    const { homeFolder } = await openBrokenHome('Host "web\n')
    const question = { host: 'web', homeFolder, environment: {}, signal: noSignal() }
    expect(await failureOf(readSshConfigFile(question))).toMatchObject({ code: 'ssh-failed' })
  })
})

async function openBrokenHome(config: string) {
  const homeFolder = await makeTempFolder()
  mkdirSync(`${homeFolder}/.ssh`)
  writeFileSync(`${homeFolder}/.ssh/config`, config)
  return { homeFolder }
}
