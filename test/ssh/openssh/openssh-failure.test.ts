import { expect, test } from 'vitest'
import type { SshChain } from '../../../src/ssh/config/resolve-ssh-chain.ts'
import { applySshSettings } from '../../../src/ssh/config/resolve-ssh-host.ts'
import { readOpensshFailure } from '../../../src/ssh/openssh/openssh-failure.ts'

const toHost = (host: string, settings: Record<string, string> = {}) =>
  applySshSettings(
    { kind: 'ssh', host, user: 'ann', sudo: 'none' },
    new Map(Object.entries(settings).map(([key, value]) => [key, [value]])),
    { environment: {}, homeFolder: '/h' },
  )
const login = { mayAsk: false, stayedLocked: false }
const explain = (said: string, hosts = ['h']) =>
  readOpensshFailure(said, hosts.map((host) => toHost(host)) as unknown as SshChain, login)

/** Messages of ssh that a host imitates. */
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
])('behind a hostile banner, kcap still recognises %s', async (words, code, state) => {
  const error = await explain(`${banner}${words}\r\n`)
  expect([error?.code, error?.message.split('": ')[1]]).toEqual([code, state])
})

test('a banner makes kcap read no file that is not a known_hosts file', async () => {
  const fake = `${banner}Offending ED25519 key in /dev/zero:1\nHost key verification failed.\nConnection closed by h\n`
  expect((await explain(fake))?.code).toMatch(/^ssh-host-key/)
})

test('a banner cannot change the name of the host that failed', async () => {
  const error = await explain('Banner of bastion for ann@h: hello\nann@bastion: Permission denied (publickey).\n', [
    'bastion',
    'h',
  ])
  expect(error?.message).toBe(
    'cannot reach "ssh://ann@h" through its jump host: cannot log in to "ssh://ann@bastion": the host refused every login',
  )
})

test('the error names a jump host that forwards nothing, if there is only one', async () => {
  const words = 'channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n'
  expect((await explain(words, ['bastion', 'h']))?.message).toBe(
    'cannot reach "ssh://ann@h" through its jump host: "ssh://ann@bastion" does not let this user forward connections',
  )
  const refused = await explain('channel 0: open failed: connect failed: Connection refused\n', ['a', 'b', 'h'])
  expect(refused?.message).toContain('its jump host: one of them cannot reach it (Connection refused)')
  expect(refused?.hints).toEqual(['ssh -J ann@a:22,ann@b:22 -p 22 ann@h'])
})

test('a program that prints nothing of ssh has not failed in ssh', async () => {
  expect(await explain('permission denied\n')).toBe(undefined)
})

const hint = 'someone may be intercepting the connection, or the host was reinstalled: ask who runs it, and only then:'

test.each([
  [
    'Host key ED25519 SHA256:abc revoked by file /etc/revoked\r\nHost key verification failed.\r\n',
    'ssh-host-key-changed',
    'cannot trust "ssh://ann@h": its ED25519 key SHA256:abc is revoked in /etc/revoked',
    ['ask who runs the host for its new key; a revoked key may be in the hands of others'],
  ],
  [
    'Error checking host key ED25519 SHA256:abc in revoked keys file /r l: No such file or directory\r\nHost key verification failed.\r\n',
    'ssh-failed',
    'cannot check the host key of "ssh://ann@h": it can\'t be read: no such file or directory (RevokedHostKeys /r l)',
    ["ls -l '/r l'"],
  ],
  [
    'KnownHostsCommand failed\r\n',
    'ssh-failed',
    'cannot check the host key of "ssh://ann@h": its KnownHostsCommand failed',
    ['ssh -v ann@h'],
  ],
  [
    'Bad server host key: Invalid key length\r\n',
    'ssh-failed',
    'cannot check the host key of "ssh://ann@h": its RSA key is shorter than RequiredRSASize 1024',
    ['ssh -v ann@h'],
  ],
  [
    "Warning: the ED25519 host key for 'h' differs from the key for the IP address '10.0.0.1'\r\nOffending key for IP in /h/.ssh/known_hosts:3\r\nExiting, you have requested strict checking.\r\nHost key verification failed.\r\n",
    'ssh-host-key-changed',
    'cannot trust "ssh://ann@h": its ED25519 key is now another one, not the one as in /h/.ssh/known_hosts line 3',
    [hint, 'ssh-keygen -f /h/.ssh/known_hosts -R 10.0.0.1'],
  ],
  [
    'The fingerprint for the RSA key sent by the remote host is\nSHA256:abc.\r\nOffending ED25519 key in KnownHostsCommand-HOSTNAME:1\r\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.\r\n',
    'ssh-host-key-changed',
    'cannot trust "ssh://ann@h": its RSA key is now SHA256:abc, not the one as in KnownHostsCommand-HOSTNAME line 1',
    [hint],
  ],
])('%j is recognised as an untrusted host key', async (said, code, message, hints) => {
  const error = await explain(said)
  expect([error?.code, error?.message, error?.hints]).toEqual([code, message, hints])
})

test('the error names a jump host whose changed key stops ssh from forwarding', async () => {
  const said = [
    '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @',
    'Offending ED25519 key in /h/.ssh/known_hosts:3',
    'Error: forwarding disabled due to host key check failure',
    'Connection closed by UNKNOWN port 65535',
  ].join('\r\n')
  expect((await explain(said, ['bastion', 'h']))?.message).toMatch(
    /^cannot reach "ssh:\/\/ann@h" through its jump host: cannot trust "ssh:\/\/ann@bastion": /,
  )
})

test('a refused login without a password says why none was sent', async () => {
  const said = 'Offending ED25519 key in /h/.ssh/known_hosts:3\r\nann@h: Permission denied (password).\r\n'
  const chain = [toHost('h', { stricthostkeychecking: 'no' })] as const
  expect((await readOpensshFailure(said, chain, login))?.hints).toContain(
    'no password is sent to a host whose key is wrong, whatever StrictHostKeyChecking says',
  )
})
