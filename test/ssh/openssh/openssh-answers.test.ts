import { expect, test } from 'vitest'
import type { SshChain } from '../../../src/ssh/config/resolve-ssh-chain.ts'
import { applySshSettings } from '../../../src/ssh/config/resolve-ssh-host.ts'
import { makeSshAnswers } from '../../../src/ssh/openssh/answer-ssh.ts'
import { makeSshArgv, type SshAnswerer } from '../../../src/ssh/openssh/openssh-words.ts'

const environment = { KCAP_SSH_PASSWORD: 'secret' }
const toHost = (host: string, settings: Record<string, string> = {}) =>
  applySshSettings(
    { kind: 'ssh', host, user: 'ann', sudo: 'none' },
    new Map(Object.entries(settings).map(([key, value]) => [key, [value]])),
    { environment, homeFolder: '/h' },
  )

function answersFor(hosts: readonly string[], options: { person?: string[] } = {}) {
  const asked: string[] = []
  const { person } = options
  const context = {
    signal: new AbortController().signal,
    environment,
    homeFolder: '/h',
    log: () => {},
    ...(person && { askSecret: async (question: string) => (asked.push(question) > 0 ? person.shift() : '') }),
  }
  const chain = hosts.map((host) => toHost(host)) as unknown as SshChain
  return { asked, ...makeSshAnswers(chain, context, { tell: () => {} }) }
}

test.each([
  ["ann@10.0.0.1's password: ", 'secret'],
  ['(ann@10.0.0.1) Password: ', 'secret'],
  // A jump host's own, one that begins alike, and one that names the host behind it.
  ["ann@bastion's password: ", undefined],
  ["ann@10.0.0.10's password: ", undefined],
  ['(ann@bastion) Password for ann@10.0.0.1: ', undefined],
  ["(ann@bastion) ann@10.0.0.1's password: ", undefined],
  ['Password: ', undefined],
  ['(ann@10.0.0.1) Verification code: ', undefined],
  ["Enter passphrase for key '/keys/password': ", undefined],
])('behind a jump host, %s is answered with %s', async (question, expected) => {
  expect(await answersFor(['bastion', '10.0.0.1']).answer(question, '')).toBe(expected)
})

test('without a jump host a bare password question can only come from the host', async () => {
  expect(await answersFor(['10.0.0.1']).answer('Password: ', '')).toBe('secret')
  expect(await answersFor(['10.0.0.1']).answer("Enter passphrase for key '/keys/password': ", '')).toBe(undefined)
})

test("a jump host with the name of the host behind it does not get the host's password", async () => {
  expect(await answersFor(['10.0.0.1', '10.0.0.1']).answer("ann@10.0.0.1's password: ", '')).toBe(undefined)
})

test('kcap gives the password once, then asks the person, with control characters removed', async () => {
  const { answer, asked } = answersFor(['h'], { person: ['typed'] })
  expect(await answer("ann@h's password: ", '')).toBe('secret')
  expect(await answer('(ann@h) Password\u001b[2J: ', '')).toBe('typed')
  expect(asked).toEqual(['(ann@h) Password [2J:'])
})

test('a key stays locked after three wrong passphrases, whatever ssh prints between them', async () => {
  const first = "Enter passphrase for key '/k': "
  for (const again of [first, 'Bad passphrase, try again for /k: ']) {
    const { answer, stayedLocked } = answersFor(['h'], { person: ['a', 'b', 'c'] })
    await answer(first, '')
    await answer(again, '')
    expect(stayedLocked()).toBe(false)
    await answer(again, '')
    expect(stayedLocked()).toBe(true)
  }
})

const unknownKey = `The authenticity of host '[bastion]:2222 ([10.0.0.9]:2222)' can't be established.
ED25519 key fingerprint is SHA256:${'A'.repeat(43)}.
This key is not known by any other names.
Are you sure you want to continue connecting (yes/no/[fingerprint])? `

test('the key of an unknown host that nobody trusts is in the later report', async () => {
  const { answer, untrustedKey } = answersFor(['bastion', 'h'])
  expect(await answer(unknownKey, '')).toBe('no')
  expect(untrustedKey()).toEqual({
    name: '[bastion]:2222',
    keyType: 'ED25519',
    fingerprint: `SHA256:${'A'.repeat(43)}`,
  })
})

test('a key that differs from that of the address is not trusted, and the report has the question', async () => {
  const { answer, untrustedKey, declinedQuestion } = answersFor(['h'])
  const question = "Warning: the ED25519 host key for 'h' differs from the key for the IP address '10.0.0.1'\nOffending"
  expect(await answer(question, '')).toBe('no')
  expect(untrustedKey()).toBe(undefined)
  expect(declinedQuestion()).toBe(question)
})

const program = { commandLine: 'true', answerer: 'person', mayCompress: true } as const

test('--accept-new-host-key reaches every jump host, whose ssh gets no options of the last', () => {
  const chain = [toHost('a%b'), toHost('bastion', { port: '2222' }), toHost('h')] as const
  const name = { kind: 'ssh', host: 'h', sudo: 'none', jumpHost: 'a,bastion', acceptNewHostKey: true } as const
  const argv = makeSshArgv({ ...name, sshConfigPath: '/c d' }, chain, program)
  const options = '-o StrictHostKeyChecking=accept-new -o UpdateHostKeys=no'
  const inner = `ssh -F '/c d' -l ann -p 22 ${options} -W '[%h]:%p' -- a%%b`
  const asWord = `'ProxyCommand=${inner.replaceAll('%', '%%').replaceAll("'", "'\\''")}'`
  expect(argv).toContain(`ProxyCommand=ssh -F '/c d' -l ann -p 2222 ${options} -o ${asWord} -W '[%h]:%p' -- bastion`)
  expect(argv).toContain('StrictHostKeyChecking=accept-new')
  expect(argv).not.toContain('-J')
})

test('without --accept-new-host-key ssh itself handles the jump hosts', () => {
  const argv = makeSshArgv({ kind: 'ssh', host: 'h', sudo: 'none', jumpHost: 'a' }, [toHost('a'), toHost('h')], program)
  expect(argv.join(' ')).toMatch(/ -J a -- h true$/)
  expect(argv.join(' ')).not.toMatch(/ProxyCommand|StrictHostKeyChecking/)
})

test.each([
  ['person', /^(?!.*(NumberOfPasswordPrompts|PasswordAuthentication))/],
  ['password', /-o NumberOfPasswordPrompts=1 /],
  ['nobody', /-o PasswordAuthentication=no -o KbdInteractiveAuthentication=no /],
] as const)('with %s as the answer ssh sends no empty passwords', (answerer: SshAnswerer, options) => {
  const argv = makeSshArgv({ kind: 'ssh', host: 'h', sudo: 'none' }, [toHost('h')], { ...program, answerer })
  expect(argv.join(' ')).toMatch(options)
})
