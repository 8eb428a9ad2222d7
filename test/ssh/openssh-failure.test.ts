import { expect, test } from 'vitest'
import { readOpensshFailure } from '../../src/ssh/openssh-failure.ts'
import type { SshChain } from '../../src/ssh/resolve-ssh-chain.ts'
import { applySshSettings } from '../../src/ssh/resolve-ssh-host.ts'

const toHost = (host: string) =>
  applySshSettings({ kind: 'ssh', host, user: 'ann', sudo: 'none' }, new Map(), { environment: {}, homeFolder: '/h' })
const login = { mayAsk: false, stayedLocked: false }
const explain = (said: string, hosts = ['h']) =>
  readOpensshFailure(said, hosts.map(toHost) as unknown as SshChain, login)

/** All that ssh could say, said by a host. */
const banner = `permission denied; sessions are timed out, the connection is closed by us
Host key verification failed.
@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @ REVOKED HOST KEY
Offending ED25519 key in /dev/zero:1
channel 0: open failed: connect failed: no
`

test.each([
  ['ann@h: Permission denied (publickey,password).', 'ssh-login-refused', 'the host refused every login'],
  [
    'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.1 port 22',
    'ssh-login-refused',
    'the host gave up after too many keys',
  ],
  ['Timeout, server h not responding.', 'ssh-timeout', 'no answer during the handshake'],
])('behind a banner of hostile words, %s is read as it is', async (words, code, state) => {
  const error = await explain(`${banner}${words}\r\n`)
  expect([error?.code, error?.message.split('": ')[1]]).toEqual([code, state])
})

test('a banner has no file read that is none of known hosts', async () => {
  const fake = `${banner}Offending ED25519 key in /dev/zero:1\nHost key verification failed.\nConnection closed by h\n`
  expect((await explain(fake))?.code).toMatch(/^ssh-host-key/)
})

test('what a host is called by others is not who fails', async () => {
  const error = await explain('Banner of bastion for ann@h: hello\nann@bastion: Permission denied (publickey).\n', [
    'bastion',
    'h',
  ])
  expect(error?.message).toBe(
    'cannot reach "ssh://ann@h" through its jump host: cannot log in to "ssh://ann@bastion": the host refused every login',
  )
})

test('a jump host that opens no way is named, if there is one only', async () => {
  const words = 'channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n'
  expect((await explain(words, ['bastion', 'h']))?.message).toBe(
    'cannot reach "ssh://ann@h" through its jump host: "ssh://ann@bastion" does not let this user forward connections',
  )
  const refused = await explain('channel 0: open failed: connect failed: Connection refused\n', ['a', 'b', 'h'])
  expect(refused?.message).toContain('its jump host: one of them cannot reach it (Connection refused)')
  expect(refused?.hints).toEqual(['ssh -J ann@a:22,ann@b:22 -p 22 ann@h'])
})

test('a program that says nothing of ssh has not failed in ssh', async () => {
  expect(await explain('permission denied\n')).toBe(undefined)
})
