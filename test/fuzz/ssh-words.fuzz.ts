import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import { readAgentKeyTypes } from '../../src/ssh/agent-key-types.ts'
import { hostKeyType } from '../../src/ssh/config/host-key.ts'
import { judgeHostKey, knownHostName, knownKeyTypes, parseKnownHosts } from '../../src/ssh/config/known-hosts.ts'
import { parseSshAnswer, readSshConfigFile } from '../../src/ssh/config/read-ssh-config.ts'
import { parseJumpHost } from '../../src/ssh/config/resolve-ssh-chain.ts'
import { applySshSettings } from '../../src/ssh/config/resolve-ssh-host.ts'
import { readOpensshFailure } from '../../src/ssh/openssh/openssh-failure.ts'
import { publicBlob } from '../../src/ssh/private-key-file.ts'
import type { ResolvedSshHost } from '../../src/ssh/ssh-host.ts'
import { afterThisFile } from '../support/cleanups.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { fuzz, orRefusal, orRefused } from './fuzz.ts'
import { damagedBytes } from './hostile-bytes.ts'
import { damagedText } from './hostile-text.ts'

const folder = await makeTempFolder()
const name = { kind: 'ssh', host: 'web', sudo: 'none' } as const
const surroundings = { environment: { HOME: '/home/x' }, homeFolder: '/home/x' }

const answers = [
  'user root\nhostname 10.0.0.10\nport 2222\nidentityfile ~/.ssh/id_%h\nidentityfile /k\nconnecttimeout none\nproxyjump a,b\n',
  'stricthostkeychecking ask\nuserknownhostsfile /a /b c\nserveraliveinterval 5\nserveralivecountmax 3\nidentityagent SSH_AUTH_SOCK\n',
  'preferredauthentications publickey,password\nnumberofpasswordprompts 3\nciphers aes128-ctr,x\nproxycommand nc %h %p\ncontrolpath /c-%C\n',
]
const keywords = answers.flatMap((text) => text.split('\n').map((line) => `${line.split(' ')[0]} `))

function expectSound(host: ResolvedSshHost): void {
  expect(Number.isInteger(host.port) && host.port > 0 && host.port < 65_536).toBe(true)
  for (const ms of [host.connectTimeoutMs, host.silence.keepaliveIntervalMs]) {
    expect(ms).toBeGreaterThan(0)
    expect(ms).toBeLessThan(2 ** 31)
  }
  expect(host.silence.keepaliveCountMax).toBeGreaterThanOrEqual(1)
  expect(host.passwordPrompts).toBeGreaterThanOrEqual(0)
  for (const method of host.loginMethods) expect(['publickey', 'keyboard-interactive', 'password']).toContain(method)
  const texts = [host.host, host.user, host.agentSocket, ...host.identityFiles, ...host.userKnownHostsFiles]
  for (const text of texts) expect(['string', 'undefined']).toContain(typeof text)
}

fuzz('answers of ssh -G: a host of sound values, or a KcapError', damagedText(answers, keywords), (text) => {
  const host = orRefusal(() => applySshSettings(name, parseSshAnswer(text), surroundings))
  if (host !== undefined) expectSound(host)
})

const configs = [
  'Host web *.lan !db\n  HostName 10.0.0.10\n  Port 2222\n  User root\n  ProxyJump a,b\n\nHost *\n  IdentityFile ~/.ssh/id\n',
  'Match host web exec "true"\n  ConnectTimeout 5\nInclude x\nHost "web"\n  ServerAliveInterval=5\n  Ciphers +aes\n',
]
fuzz(
  'ssh config files, where there is no ssh: a host of sound values, or a KcapError',
  damagedText(configs),
  async (text) => {
    const configPath = path.join(folder, 'config')
    writeFileSync(configPath, text)
    const question = {
      host: 'web',
      configPath,
      homeFolder: '/home/x',
      environment: {},
      signal: new AbortController().signal,
    }
    const settings = await orRefused(readSshConfigFile(question))
    const host = settings && orRefusal(() => applySshSettings(name, settings, surroundings))
    if (host !== undefined) expectSound(host)
  },
)

const jumps = ['root@bastion:2222', 'ssh://a@[fe80::1%eth0]:22', '::1', 'a@b@c:1', '[::1]:22']
fuzz('jump hosts: a host and a port, or a KcapError', damagedText(jumps, ['a:', '.', '@', '::']), (text) => {
  const jump = orRefusal(() => parseJumpHost(text))
  if (jump === undefined) return
  expect(jump.host).not.toBe('')
  if (jump.port !== undefined) expect(jump.port > 0 && jump.port < 65_536).toBe(true)
})

const ed25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIMnwSgnsFuquZfuV9RGm2pDseONcrCrMyRmdmqhJt9YP'
const other = 'AAAAC3NzaC1lZDI1NTE5AAAAIOTPZTQtBQps6zrvk74tHajKjKaX1WonjJMM0j4R90s7'
const knownHosts = [
  `web,10.0.0.10 ssh-ed25519 ${ed25519} root@a\n*.lan,!db.lan ssh-ed25519 ${other}\n`,
  `@revoked * ssh-ed25519 ${other}\n@cert-authority *.lan ssh-ed25519 ${ed25519}\n[web]:2222 ssh-ed25519 ${ed25519}\n`,
  `|1|lFcKRRGP0JCGUWZsAzMVdR+ztoo=|4f+848DE3D3CHdBsWlGW8icy8Fo= ssh-ed25519 ${ed25519}\n`,
]
const hostName = fc.oneof(
  fc.constantFrom('web', 'db.lan', '10.0.0.1', 'a'.repeat(60), 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'),
  fc.string(),
)
fuzz(
  'known_hosts: never throws, and known is only what has an equal key',
  fc.tuple(
    damagedText(knownHosts, ['*', '*a', '?', '!', ',', '|1|', '@revoked ', '*'.repeat(40)]),
    hostName,
    fc.constantFrom(22, 2222),
  ),
  ([text, host, port]) => {
    const lines = parseKnownHosts(text, 'known_hosts')
    const key = Buffer.from(ed25519, 'base64')
    const shown = knownHostName(host, port)
    const verdict = judgeHostKey(lines, shown, key)
    const equal = lines.filter((line) => line.key.equals(key))
    if (verdict.kind === 'known') expect(equal.some(({ marker }) => marker === undefined)).toBe(true)
    if (verdict.kind === 'revoked') expect(equal.some(({ marker }) => marker === 'revoked')).toBe(true)
    knownKeyTypes(lines, shown)
  },
)

const keyFile = Buffer.concat([
  Buffer.from('-----BEGIN OPENSSH PRIVATE KEY-----\n'),
  Buffer.from(
    Buffer.concat([
      Buffer.from('openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01\0\0\0\x33', 'latin1'),
      Buffer.from(ed25519, 'base64'),
    ]).toString('base64'),
  ),
  Buffer.from('\n-----END OPENSSH PRIVATE KEY-----\n'),
])
fuzz('key files: a public half or none', damagedBytes([keyFile]), (bytes) => {
  const blob = publicBlob(bytes)
  if (blob !== undefined) hostKeyType(blob)
})

const blob = Buffer.from(ed25519, 'base64')
const length = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
const identities = Buffer.concat([
  Buffer.from([12, 0, 0, 0, 2]),
  length(blob),
  length(Buffer.from('a')),
  length(blob),
  length(Buffer.from('b')),
])
let agentAnswer = Buffer.alloc(0)
const agentPath = path.join(folder, 'agent')
const agent = createServer((socket) => {
  socket.on('error', () => {}).on('data', () => socket.end(agentAnswer))
})
await new Promise<void>((resolve) => agent.listen(agentPath, resolve))
afterThisFile.add(() => new Promise((resolve) => agent.close(resolve)))
fuzz('answers of an agent: types of keys, or none', damagedBytes([length(identities)]), async (bytes) => {
  agentAnswer = bytes as typeof agentAnswer
  for (const type of await readAgentKeyTypes(agentPath)) expect(typeof type).toBe('string')
})

const failures = [
  "Warning: Permanently added 'web'\nroot@10.0.0.10: Permission denied (publickey,password).\n",
  '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nThe fingerprint for the ED25519 key sent by the remote host is\nSHA256:abc.\nOffending ECDSA key in /nonexistent:3\nHost key verification failed.\n',
  'ssh: connect to host 10.0.0.10 port 22: Connection timed out\nssh: Could not resolve hostname x: Name or service not known\n',
  'channel 0: open failed: connect failed: No route\nstdio forwarding failed\nkex_exchange_identification: Connection closed by remote host\nUnable to negotiate with 10.0.0.10 port 22: no matching cipher found. Their offer: x\n',
]
const host = applySshSettings(name, parseSshAnswer(answers[0] as string), surroundings)
const failureWords = [
  'no matching ',
  'Permission denied (',
  'open failed: ',
  'Offending a key in :',
  'The ',
  ' found',
  ' key ',
]
fuzz('what ssh says when it fails: a KcapError, or nothing', damagedText(failures, failureWords), async (text) => {
  const failure = await readOpensshFailure(text, [host], { mayAsk: false, stayedLocked: false })
  if (failure !== undefined) expect(failure.exitCode).toBeGreaterThan(0)
})
