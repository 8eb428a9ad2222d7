import { expect, test } from 'vitest'
import { applySshSettings } from '../../../src/ssh/config/resolve-ssh-host.ts'
import { supportedAlgorithms } from '../../../src/ssh/config/supported-algorithms.ts'
import { chooseAlgorithms } from '../../../src/ssh/ssh2/ssh-algorithms.ts'

function choose(settings: Record<string, string>, known: readonly string[] = []) {
  const host = applySshSettings(
    { kind: 'ssh', host: 'h', sudo: 'none' },
    new Map(Object.entries(settings).map(([key, value]) => [key, [value]])),
    { environment: {}, homeFolder: '/home/ann' },
  )
  return chooseAlgorithms(host, known)
}

test.each([
  'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr',
])("the fastest cipher precedes OpenSSH's own order (%s)", (ciphers) => {
  expect(choose({ ciphers }).cipher).toEqual(supportedAlgorithms.ciphers)
})

test("kcap follows the user's order, without algorithms that ssh2 lacks", () => {
  expect(choose({ ciphers: 'aes256-ctr,3des-cbc,chacha20-poly1305@openssh.com' }).cipher).toEqual([
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ])
  const kexalgorithms = 'sntrup761x25519-sha512@openssh.com,ecdh-sha2-nistp256,curve25519-sha256'
  expect(choose({ kexalgorithms }).kex).toEqual(['ecdh-sha2-nistp256', 'curve25519-sha256'])
})

test("known host key types precede the user's order", () => {
  const hostkeyalgorithms = 'rsa-sha2-256,ssh-ed25519'
  expect(choose({ hostkeyalgorithms }, ['ssh-ed25519']).serverHostKey).toEqual(['ssh-ed25519', 'rsa-sha2-256'])
})

test('a list with a sign changes the default list', () => {
  const all = supportedAlgorithms.macs
  expect(choose({ macs: '+hmac-md5' }).hmac).toEqual(all)
  expect(choose({ macs: '-*sha1*,hmac-sha2-512' }).hmac).toEqual(
    all.filter((name) => !name.includes('sha1') && name !== 'hmac-sha2-512'),
  )
  expect(choose({ macs: '^hmac-sha2-512' }).hmac).toEqual([
    'hmac-sha2-512',
    ...all.filter((name) => name !== 'hmac-sha2-512'),
  ])
})

test('a list that leaves no algorithm is refused', () => {
  expect(() => choose({ ciphers: '3des-cbc' })).toThrow(/the Ciphers of your ssh config name none that kcap supports$/)
})
