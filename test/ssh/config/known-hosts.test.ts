import { describe, expect, test } from 'vitest'
import {
  hashedHostField,
  judgeHostKey,
  knownHostName,
  knownKeyTypes,
  matchesHost,
  parseKnownHosts,
} from '../../../src/ssh/config/known-hosts.ts'

// Keys and hash made with ssh-keygen of OpenSSH 9.2.
const ed25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIMnwSgnsFuquZfuV9RGm2pDseONcrCrMyRmdmqhJt9YP'
const otherEd25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIOTPZTQtBQps6zrvk74tHajKjKaX1WonjJMM0j4R90s7'
const ecdsa =
  'AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBD531HEQSrjMZC7tIl9Z7bXM5455H1/mrF953GD4TskcnRZe/b07f68IqrcCd/Gm7rW8KuFNvVr2loGnpL6HWBE='
const shortRsa =
  'AAAAB3NzaC1yc2EAAAADAQABAAAAQQCyE4sHT9HBNL6OTyJoiIsAfzkB+DipFCClASyGlXYoTpx4VbZsQC0D5kgvjLMbrttHRGZX4ZImkh8khu4Nipmd'
const key = (base64: string) => Buffer.from(base64, 'base64')
const parse = (text: string) => parseKnownHosts(text, 'known_hosts')

describe('parseKnownHosts()', () => {
  test('keeps plain, marked and commented lines with their line numbers', () => {
    const text = `# comment\n\na,b ssh-ed25519 ${ed25519} root@a\r\n@revoked * ssh-ed25519 ${otherEd25519}\n@cert-authority *.lan ssh-ed25519 ${ed25519}\n`
    expect(parse(text)).toEqual([
      { file: 'known_hosts', line: 3, hosts: 'a,b', key: key(ed25519) },
      { file: 'known_hosts', line: 4, hosts: '*', key: key(otherEd25519), marker: 'revoked' },
      { file: 'known_hosts', line: 5, hosts: '*.lan', key: key(ed25519), marker: 'cert-authority' },
    ])
  })

  test.each([
    ['no key', 'host ssh-ed25519'],
    ['a key of another type than it says', `host ssh-rsa ${ed25519}`],
    ['an unknown marker', `@future host ssh-ed25519 ${ed25519}`],
    ['two markers', `@revoked @revoked host ssh-ed25519 ${ed25519}`],
    ['a marker before a tab, and spaces later', `@revoked\thost ssh-ed25519 ${ed25519}`],
    ['an RSA key of 512 bits', `host ssh-rsa ${shortRsa}`],
    ['a key that is cut off', 'host ssh-ed25519 AAAA'],
    ['binary rubbish', '\u0000\u0001 \u0002 \u0003'],
  ])('skips a line with %s', (_what, line) => {
    expect(parse(line)).toEqual([])
  })
})

describe('matchesHost()', () => {
  test.each([
    ['host.lan', 'host.lan', true],
    ['HOST.lan', 'host.lan', true],
    ['host.lan', 'hostxlan', false],
    ['a,b,c', 'b', true],
    ['*.lan', 'host.lan', true],
    ['*.lan,!db.lan', 'host.lan', true],
    ['*.lan,!db.lan', 'db.lan', false],
    ['!db.lan,*.lan', 'db.lan', false],
    ['!db.lan', 'host.lan', false],
    ['10.0.0.?', '10.0.0.7', true],
    ['10.0.0.?', '10.0.0.17', false],
    ['[host.lan]:2222', '[host.lan]:2222', true],
    ['[host.lan]:2222', 'host.lan', false],
    ['[*.lan]:2222', '[host.lan]:2222', true],
    ['host.lan', '[host.lan]:2222', false],
    ['a+b(c)', 'a+b(c)', true],
  ])('matches %s against %s: %s', (hosts, name, expected) => {
    expect(matchesHost(hosts, name)).toBe(expected)
  })

  test('gives up on a line at a pattern that is too long, as ssh does', () => {
    expect(matchesHost(`host,${'a'.repeat(1022)}`, 'host')).toBe(true)
    expect(matchesHost(`host,${'a'.repeat(1023)}`, 'host')).toBe(false)
  })

  test('reads the hashed names that ssh-keygen -H writes', () => {
    const hosts = '|1|lFcKRRGP0JCGUWZsAzMVdR+ztoo=|4f+848DE3D3CHdBsWlGW8icy8Fo='
    expect(matchesHost(hosts, '[10.0.0.1]:2222')).toBe(true)
    expect(matchesHost(hosts, '10.0.0.1')).toBe(false)
  })

  test('hashes a name as ssh-keygen -H does', () => {
    const salt = Buffer.from('lFcKRRGP0JCGUWZsAzMVdR+ztoo=', 'base64')
    const hosts = '|1|lFcKRRGP0JCGUWZsAzMVdR+ztoo=|4f+848DE3D3CHdBsWlGW8icy8Fo='
    expect(hashedHostField('[10.0.0.1]:2222', salt)).toBe(hosts)
  })
})

describe('judgeHostKey()', () => {
  const known = parse(`host ssh-ed25519 ${ed25519}\nother ssh-ed25519 ${otherEd25519}\n`)

  test('knows an equal key of the host', () => {
    expect(judgeHostKey(known, 'host', key(ed25519))).toEqual({ kind: 'known' })
  })

  test('does not know a host that is not there', () => {
    expect(judgeHostKey(known, 'third', key(ed25519))).toEqual({ kind: 'unknown' })
  })

  test('calls another key of the same type changed, and names the line of the known one', () => {
    const verdict = judgeHostKey(known, 'host', key(otherEd25519))
    expect(verdict).toMatchObject({ kind: 'changed', known: { file: 'known_hosts', line: 1 } })
  })

  test('calls a key of another type changed: a host without the known type must not count as new', () => {
    expect(judgeHostKey(known, 'host', key(ecdsa))).toMatchObject({ kind: 'changed', known: { line: 1 } })
  })

  test('names the other key of the same type, or else the last, as ssh does', () => {
    const both = parse(`host ssh-ed25519 ${ed25519}\nhost ecdsa-sha2-nistp256 ${ecdsa}\n`)
    expect(judgeHostKey(both, 'host', key(otherEd25519))).toMatchObject({ kind: 'changed', known: { line: 1 } })
    const several = parse(`host ssh-ed25519 ${otherEd25519}\n* ssh-ed25519 ${ed25519}\n`)
    expect(judgeHostKey(several, 'host', key(ecdsa))).toMatchObject({ kind: 'changed', known: { line: 2 } })
  })

  test('accepts one equal key among several of one type', () => {
    const several = parse(`host ssh-ed25519 ${otherEd25519}\nhost ssh-ed25519 ${ed25519}\n`)
    expect(judgeHostKey(several, 'host', key(ed25519))).toEqual({ kind: 'known' })
  })

  test('refuses a revoked key although another line knows it', () => {
    const revoked = parse(`host ssh-ed25519 ${ed25519}\n@revoked * ssh-ed25519 ${ed25519}\n`)
    expect(judgeHostKey(revoked, 'host', key(ed25519))).toMatchObject({ kind: 'revoked', known: { line: 2 } })
  })

  test('does not mistake the key of a certificate authority for the key of a host', () => {
    const authority = parse(`@cert-authority * ssh-ed25519 ${ed25519}\n`)
    expect(judgeHostKey(authority, 'host', key(ed25519))).toEqual({ kind: 'unknown' })
    expect(judgeHostKey(authority, 'host', key(otherEd25519))).toEqual({ kind: 'unknown' })
  })
})

test('knownHostName() puts brackets around a host on another port', () => {
  expect(knownHostName('Host.LAN', 22)).toBe('host.lan')
  expect(knownHostName('::1', 2222)).toBe('[::1]:2222')
})

test('knownKeyTypes() names each type once, for this host only', () => {
  const known = parse(`a ssh-ed25519 ${ed25519}\n* ssh-ed25519 ${otherEd25519}\nb ecdsa-sha2-nistp256 ${ecdsa}\n`)
  expect(knownKeyTypes(known, 'a')).toEqual(['ssh-ed25519'])
  expect(knownKeyTypes(known, 'b')).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256'])
})

test('knownKeyTypes() leaves out a type whose first key is revoked', () => {
  const lines = [`a ssh-ed25519 ${ed25519}`, `a ssh-ed25519 ${otherEd25519}`, `@revoked * ssh-ed25519 ${ed25519}`]
  expect(knownKeyTypes(parse(lines.join('\n')), 'a')).toEqual([])
})
