import { expect, test } from 'vitest'
import {
  hostKeyFingerprint,
  hostKeyType,
  hostKeyTypeName,
  parseHostKey,
  rsaKeyBits,
} from '../../../src/ssh/config/host-key.ts'
import { makeKeyPair } from '../../support/ssh-server.ts'

// Keys and fingerprint made with ssh-keygen of OpenSSH 9.2.
const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMnwSgnsFuquZfuV9RGm2pDseONcrCrMyRmdmqhJt9YP'
const ecdsa =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBD531HEQSrjMZC7tIl9Z7bXM5455H1/mrF953GD4TskcnRZe/b07f68IqrcCd/Gm7rW8KuFNvVr2loGnpL6HWBE='
const rsa = makeKeyPair('rsa').public
const securityKey =
  'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIG8HTt55eSohoziybNT05EKo/x/2WjHEscqNj8fEmHKZAAAABHNzaDo='

test.each([ed25519, ecdsa, rsa, securityKey])('parseHostKey() reads %s', (text) => {
  const [type = '', base64 = ''] = text.split(' ')
  const key = Buffer.from(base64, 'base64')
  for (const line of [text, `${text} root@web`, `${type}\t ${base64}\r`]) expect(parseHostKey(line)).toEqual(key)
  expect(hostKeyType(key)).toBe(type)
})

test("parseHostKey() reads an RSA key under its signature's name, as ssh does", () => {
  expect(parseHostKey(rsa.replace('ssh-rsa', 'rsa-sha2-512'))).toEqual(parseHostKey(rsa))
})

test.each([
  ['nothing', ''],
  ['a type alone', 'ssh-ed25519'],
  ['another type than its own', ed25519.replace('ssh-ed25519', 'ssh-rsa')],
  ['a key cut short', ed25519.slice(0, -4)],
  ['an RSA key cut short', rsa.slice(0, -8)],
  ['a byte too many', `${ed25519}AAAA`],
  ['no padding', ecdsa.slice(0, -1)],
  ['base64 of URLs', ed25519.replaceAll('+', '-').replace('AAAAIM', 'AAAAI_')],
  ['a point that is not on its curve', ecdsa.replace('HWBE=', 'HWBI=')],
  ['an unknown type', 'ssh-new AAAAB3NzaC1uZXcAAAAB'],
])('parseHostKey() returns no key where there is %s', (_what, text) => {
  expect(parseHostKey(text)).toBeUndefined()
})

test('rsaKeyBits() counts the bits of the modulus', () => {
  expect(rsaKeyBits(parseHostKey(rsa) as Buffer)).toBe(2048)
  expect(rsaKeyBits(parseHostKey(ed25519) as Buffer)).toBeUndefined()
})

test('fingerprints and type names look as in ssh', () => {
  const key = parseHostKey(ed25519) as Buffer
  expect(hostKeyFingerprint(key)).toBe('SHA256:kitg55HbYfR7+u8UkMrsYhlj242p0P1DYY7q7y85Zr4')
  expect(hostKeyTypeName(key)).toBe('ED25519')
  expect(hostKeyTypeName(parseHostKey(ecdsa) as Buffer)).toBe('ECDSA')
})
