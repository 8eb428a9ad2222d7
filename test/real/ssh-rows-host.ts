import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { readPublicKey } from './own-sshd.ts'
import type { Refusal, TableRow } from './ssh-table-row.ts'
import type { PortName, TableSetting } from './ssh-table-setting.ts'

const fingerprint = 'SHA256:[A-Za-z0-9+/]{43}'
const label = ({ ports }: TableSetting, port: PortName) => `ssh://root@127.0.0.1:${ports[port]}`

let fileCount = 0

/** A known_hosts file of these lines; KEY is the host's key, OTHER another one, HASHED its name and key as ssh-keygen hashes them. */
function knownHosts(port: PortName, ...lines: string[]) {
  return ({ file, ports }: TableSetting) => {
    fileCount += 1
    const path = file(`known-${fileCount}`)
    const text = lines
      .join('\n')
      .replaceAll('NAME', `[127.0.0.1]:${ports[port]}`)
      .replaceAll('KEY', readPublicKey(file('host')))
      .replaceAll('OTHER', readPublicKey(file('other_host')))
      .replaceAll('AUTHORITY', readPublicKey(file('authority')))
    writeFileSync(path, text === '' ? '' : `${text}\n`)
    return [`UserKnownHostsFile ${path}`]
  }
}

const always = (refusal: (setting: TableSetting) => Refusal) => (setting: TableSetting) => {
  const one = refusal(setting)
  return { auto: one, ssh2: one, openssh: one }
}

const unknown = (port: PortName) => (setting: TableSetting) => ({
  code: 'ssh-host-key-unknown' as const,
  message: new RegExp(`^cannot trust "${label(setting, port)}": its ED25519 key ${fingerprint} is unknown$`),
  hints: [
    'compare this fingerprint with one from the host, then pass --accept-new-host-key, or add the key yourself:',
    /^ssh-keyscan -p \d+ 127\.0\.0\.1 >> \S+known-\d+$/,
  ],
})

/** The file that kcap has written is what ssh itself would have written, and ssh takes it. */
function isAccepted(setting: TableSetting, client: string, isHashed: boolean): void {
  const written = setting.file(`known-${client}-${isHashed}`)
  const text = readFileSync(written, 'utf8')
  const name = `[127.0.0.1]:${setting.ports.plain}`
  if (!isHashed) expect(text).toBe(`${name} ${readPublicKey(setting.file('host'))}\n`)
  expect(execFileSync('ssh-keygen', ['-F', name, '-f', written], { encoding: 'utf8' })).toContain('found: line 1')
  const options = [`UserKnownHostsFile=${written}`, 'GlobalKnownHostsFile=none', 'StrictHostKeyChecking=yes']
  const ssh = ['-F', 'none', '-i', setting.file('id'), '-p', String(setting.ports.plain), '-o', 'BatchMode=yes']
  execFileSync('ssh', [...ssh, ...options.flatMap((option) => ['-o', option]), 'root@127.0.0.1', 'true'])
}

/** Rows on the known keys of a host, and the key that it shows. */
export const hostRows: Readonly<Record<string, TableRow>> = {
  'a host certificate, known by its authority only': {
    port: 'sntrup',
    clients: ['auto', 'openssh'],
    config: knownHosts('sntrup', '@cert-authority NAME AUTHORITY'),
    says: { auto: /is reached by the ssh program: the host is known by a certificate authority, \S+known-\d+ line 1/ },
  },
  'sntrup761x25519 only': {
    port: 'sntrup',
    clients: ['auto', 'ssh2', 'openssh'],
    says: { auto: /is reached by the ssh program: kcap and the host have no key exchange algorithm in common/ },
    refused: (setting) => ({
      ssh2: {
        code: 'ssh-failed',
        message: `cannot connect to "${label(setting, 'sntrup')}": kcap and the host have no key exchange algorithm in common`,
        hints: [/^ssh -v -F \S+ -p \d+ root@target$/],
      },
    }),
  },
  'a changed host key': {
    port: 'plain',
    config: knownHosts('plain', 'NAME OTHER'),
    argv: () => ['--accept-new-host-key'],
    refused: always((setting) => ({
      code: 'ssh-host-key-changed',
      message: new RegExp(
        `^cannot trust "${label(setting, 'plain')}": its ED25519 key is now ${fingerprint}, not ${fingerprint} as in \\S+ line 1$`,
      ),
      hints: [
        'someone may be intercepting the connection, or the host was reinstalled: ask who runs it, and only then:',
        /^ssh-keygen -f \S+known-\d+ -R '\[127\.0\.0\.1\]:\d+'$/,
      ],
    })),
  },
  'a revoked host key': {
    port: 'plain',
    config: knownHosts('plain', 'NAME KEY', '@revoked * KEY'),
    refused: (setting) => {
      const refusal = (place: string): Refusal => ({
        code: 'ssh-host-key-changed',
        message: new RegExp(`^cannot trust "${label(setting, 'plain')}": its ED25519 key ${place}$`),
        hints: ['ask who runs the host for its new key; a revoked key may be in the hands of others'],
      })
      return { auto: refusal(`${fingerprint} is revoked in \\S+ line 2`), openssh: refusal('is revoked') }
    },
  },
  'a wildcard entry': { port: 'plain', config: knownHosts('plain', '[127.0.*]:* KEY') },
  'an entry without the port': { port: 'plain', config: knownHosts('plain', '127.0.0.1 KEY') },
  'a negated entry': {
    port: 'plain',
    config: knownHosts('plain', '*,!NAME,!127.0.0.1 KEY'),
    refused: always(unknown('plain')),
  },
  'a hashed entry': {
    port: 'plain',
    async config(setting) {
      const lines = knownHosts('plain', 'NAME KEY')(setting)
      execFileSync('ssh-keygen', ['-H', '-f', lines[0]?.split(' ')[1] ?? ''], { stdio: 'ignore' })
      return lines
    },
  },
  'an unknown host key': {
    port: 'plain',
    config: knownHosts('plain', ''),
    refused: always(unknown('plain')),
    async after({ file }, { said }) {
      // The line can be pasted.
      const [line = ''] = /ssh-keyscan -p \d+ 127\.0\.0\.1 >> [^"]+/.exec(said) ?? []
      execFileSync('sh', ['-c', line], { stdio: 'ignore' })
      const written = line.split('>> ')[1] ?? ''
      expect(readFileSync(written, 'utf8')).toContain(readPublicKey(file('host')))
    },
  },
  'an unknown host key, accepted': {
    port: 'plain',
    argv: () => ['--accept-new-host-key'],
    config: ({ file }) => [`UserKnownHostsFile ${file('known-now')}`],
    after(setting, _told, client) {
      execFileSync('mv', [setting.file('known-now'), setting.file(`known-${client}-false`)])
      isAccepted(setting, client, false)
    },
  },
  'an unknown host key, accepted, HashKnownHosts': {
    port: 'plain',
    argv: () => ['--accept-new-host-key'],
    config: ({ file }) => ['HashKnownHosts yes', `UserKnownHostsFile ${file('known-hashed')}`],
    after(setting, _told, client) {
      execFileSync('mv', [setting.file('known-hashed'), setting.file(`known-${client}-true`)])
      expect(readFileSync(setting.file(`known-${client}-true`), 'utf8')).toMatch(/^\|1\|/)
      isAccepted(setting, client, true)
    },
  },
  'the same through a jump host that is unknown too': {
    port: 'plain',
    argv: ({ ports }) => ['--accept-new-host-key', '--jump-host', `root@127.0.0.1:${ports.banner}`],
    config: ({ file }) => [`UserKnownHostsFile ${file('known-jump')}`],
    after: ({ file }) => {
      expect(readFileSync(file('known-jump'), 'utf8').trim().split('\n')).toHaveLength(2)
      execFileSync('rm', [file('known-jump')])
    },
  },
}
