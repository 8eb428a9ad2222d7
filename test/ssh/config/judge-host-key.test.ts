import { describe, expect, test } from 'vitest'
import { hostKeyFingerprint, parseHostKey } from '../../../src/ssh/config/host-key.ts'
import { type HostKeyCheckOptions, makeHostKeyCheck } from '../../../src/ssh/config/host-key-check.ts'
import { applySshSettings } from '../../../src/ssh/config/resolve-ssh-host.ts'
import { failureOf, openHome } from '../../support/ssh-fixture.ts'
import { makeKeyPair } from '../../support/ssh-server.ts'

const lineOf = (pair: { public: string }) => pair.public.split(' ').slice(0, 2).join(' ')
const [key, other] = [makeKeyPair(), makeKeyPair()].map(lineOf) as [string, string]
const rsa = lineOf(makeKeyPair('rsa'))
const toKey = (line: string) => parseHostKey(line) as Buffer

/** The check of the host `web` on port 22 or another, whose known_hosts has these lines. */
async function openCheck(
  knownHosts: readonly string[],
  settings: Record<string, string> = {},
  more: Partial<HostKeyCheckOptions> = {},
) {
  const home = openHome(knownHosts.map((line) => `${line}\n`).join(''))
  const all = { userknownhostsfile: home.knownHostsPath, globalknownhostsfile: 'none', ...settings }
  const host = applySshSettings(
    { kind: 'ssh', host: 'web', user: 'ann', sudo: 'none' },
    new Map(Object.entries(all).map(([keyword, value]) => [keyword, [value]])),
    { environment: {}, homeFolder: home.folder },
  )
  const told: string[] = []
  const check = await makeHostKeyCheck(host, {
    acceptNewHostKey: false,
    isJumpHost: false,
    homeFolder: home.folder,
    log: () => {},
    tell: (event) => told.push(event),
    ...more,
  })
  return { ...check, told, read: () => home.readKnownHosts().trim().split('\n').filter(Boolean) }
}

const address = '203.0.113.7'

// The outcomes are those of ssh 9.2 with the same lines.
describe('CheckHostIP', () => {
  const accepting = { checkhostip: 'yes', stricthostkeychecking: 'accept-new' }

  test('adds the address of a new host next to its name', async () => {
    const { verify, read } = await openCheck([], accepting)
    expect(await verify(toKey(key), address)).toBe('proven')
    expect(read()).toEqual([`web,${address} ${key}`])
  })

  test('adds the address of a known host', async () => {
    const { verify, read } = await openCheck([`[web]:2222 ${key}`], { ...accepting, port: '2222' })
    await verify(toKey(key), address)
    expect(read()).toEqual([`[web]:2222 ${key}`, `[${address}]:2222 ${key}`])
  })

  test('hashes both on lines of their own', async () => {
    const { verify, read } = await openCheck([], { ...accepting, hashknownhosts: 'yes' })
    await verify(toKey(key), address)
    expect(read()).toEqual([expect.stringMatching(/^\|1\|/), expect.stringMatching(/^\|1\|/)])
  })

  test.each(['yes', 'ask', 'accept-new'])('refuses an address that has another key, with %s', async (strictness) => {
    const lines = [`web ${key}`, `${address} ${other}`]
    const { verify, read } = await openCheck(lines, { ...accepting, stricthostkeychecking: strictness })
    const error = await failureOf(verify(toKey(key), address))
    expect(error.code).toBe('ssh-host-key-changed')
    expect(error.message).toContain(`, not ${hostKeyFingerprint(toKey(other))} as in `)
    expect(error.hints.at(-1)).toMatch(/ -R 203\.0\.113\.7$/)
    expect(read()).toEqual(lines)
  })

  test('lets it pass with no', async () => {
    const { verify } = await openCheck([`web ${key}`, `${address} ${other}`], {
      checkhostip: 'yes',
      stricthostkeychecking: 'no',
    })
    expect(await verify(toKey(key), address)).toBe('proven')
  })

  test.each([
    ['off', { ...accepting, checkhostip: 'no' }, address],
    ['on loopback', accepting, '127.0.0.9'],
    ['behind a proxy', accepting, undefined],
    ['for a host that is called by its address', { ...accepting, hostname: address }, address],
  ])('adds no address %s', async (_when, settings, from) => {
    const { verify, read } = await openCheck([], settings)
    await verify(toKey(key), from)
    expect(read()).toEqual([`${'hostname' in settings ? address : 'web'} ${key}`])
  })
})

describe('NoHostAuthenticationForLocalhost', () => {
  const settings = { nohostauthenticationforlocalhost: 'yes' }

  test('trusts any key of a direct connection to loopback', async () => {
    const { verify, read } = await openCheck([`web ${other}`], settings)
    for (const from of ['127.0.0.1', '127.9.9.9', '::1']) expect(await verify(toKey(key), from)).toBe('proven')
    expect(read()).toEqual([`web ${other}`])
  })

  test.each([
    ['another address', address, {}],
    ['a proxy', undefined, {}],
    ['a HostKeyAlias', '127.0.0.1', { hostkeyalias: 'web' }],
  ])('does not trust it through %s', async (_what, from, more) => {
    const { verify } = await openCheck([`web ${other}`], { ...settings, ...more })
    expect((await failureOf(verify(toKey(key), from))).code).toBe('ssh-host-key-changed')
  })
})

test('RequiredRSASize refuses a shorter key, known or not', async () => {
  const { verify } = await openCheck([`web ${rsa}`], { requiredrsasize: '3072' })
  const error = await failureOf(verify(toKey(rsa), address))
  expect(error.code).toBe('ssh-failed')
  expect(error.message).toBe(
    'cannot check the host key of "ssh://ann@web": its RSA key has 2048 bits, and RequiredRSASize is 3072',
  )
  expect(error.hints).toEqual(['ask who runs the host for a longer or another key'])
})

describe('a known_hosts line without the port', () => {
  const settings = { port: '2222', stricthostkeychecking: 'accept-new' }

  test('applies to the host on another port', async () => {
    const { verify, read } = await openCheck([`web ${key}`], settings)
    expect(await verify(toKey(key), address)).toBe('proven')
    expect(read()).toEqual([`web ${key}`])
  })

  test('never counts against the key', async () => {
    const { verify, read } = await openCheck([`web ${other}`], settings)
    await verify(toKey(key), address)
    expect(read()).toEqual([`web ${other}`, `[web]:2222 ${key}`])
  })

  test('only warns of a revoked key, and reports the reason for a refusal', async () => {
    const lines = [`@revoked web ${key}`]
    const accepting = await openCheck(lines, settings)
    expect(await accepting.verify(toKey(key), address)).toBe('proven')
    expect(accepting.told).toEqual([expect.stringMatching(/is revoked in .* line 1; the login may go on, because/)])
    const strict = await openCheck(lines, { port: '2222', stricthostkeychecking: 'yes' })
    expect((await failureOf(strict.verify(toKey(key), address))).message).toMatch(/ is revoked in .* line 1$/)
  })

  test('withholds passwords for a revoked key with StrictHostKeyChecking no', async () => {
    const { verify } = await openCheck([`@revoked web ${key}`], { port: '2222', stricthostkeychecking: 'no' })
    expect(await verify(toKey(key), address)).toBe('unproven')
  })
})

describe('a changed key with StrictHostKeyChecking no', () => {
  const off = { stricthostkeychecking: 'no' }
  const keysOnly = { ...off, passwordauthentication: 'no', kbdinteractiveauthentication: 'no' }

  test('is accepted without passwords', async () => {
    const { verify, read } = await openCheck([`web ${other}`], off)
    expect(await verify(toKey(key), address)).toBe('unproven')
    expect(read()).toEqual([`web ${other}`])
  })

  test('is refused for a jump host, which ssh lets forward only where it accepts no passwords', async () => {
    const { verify } = await openCheck([`web ${other}`], off, { isJumpHost: true })
    expect((await failureOf(verify(toKey(key), address))).code).toBe('ssh-host-key-changed')
    const other2 = await openCheck([`web ${other}`], keysOnly, { isJumpHost: true })
    expect(await other2.verify(toKey(key), address)).toBe('unproven')
  })

  test('is refused with ExitOnForwardFailure', async () => {
    const { verify } = await openCheck([`web ${other}`], { ...off, exitonforwardfailure: 'yes' })
    expect((await failureOf(verify(toKey(key), address))).code).toBe('ssh-host-key-changed')
  })

  test('is refused with --accept-new-host-key', async () => {
    const { verify } = await openCheck([`web ${other}`], off, { acceptNewHostKey: true })
    expect((await failureOf(verify(toKey(key), address))).code).toBe('ssh-host-key-changed')
  })
})

test('a rekey asks nothing again, and another key in it counts as changed', async () => {
  let asked = 0
  const { verify, read } = await openCheck([], {}, { askHostKey: async () => ++asked > 0 })
  for (let exchange = 0; exchange < 3; exchange++) expect(await verify(toKey(key), address)).toBe('proven')
  expect(asked).toBe(1)
  expect(read()).toEqual([`web ${key}`])
  expect((await failureOf(verify(toKey(other), address))).code).toBe('ssh-host-key-changed')
})
