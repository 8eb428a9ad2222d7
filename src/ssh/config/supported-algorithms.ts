import { matchesWildcard } from '../../base/wildcard.ts'

export interface SshAlgorithms {
  readonly hostKeys?: readonly string[]
  readonly keyExchanges?: readonly string[]
  readonly ciphers?: readonly string[]
  readonly macs?: readonly string[]
  /** Algorithms of login keys. */
  readonly loginKeys?: readonly string[]
}

const ellipticKeys = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'] as const

/** Algorithms that ssh2 1.17 supports and OpenSSH still allows, best first. */
export const supportedAlgorithms: Required<SshAlgorithms> = {
  hostKeys: [...ellipticKeys, 'rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
  // ssh2 signs with an RSA key only by this algorithm, unless the host rules it out (lib/client.js, getKeyAlgos).
  loginKeys: [...ellipticKeys, 'rsa-sha2-256'],
  keyExchanges: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha1',
  ],
  // AES-GCM is several times faster than the others, in Node's crypto as in OpenSSH.
  ciphers: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  macs: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1',
  ],
}

/**
 * Returns a list of algorithms. One that begins with a sign modifies OpenSSH's own list. Such lists only come from a config file read without ssh;
 * they then modify ssh2's.
 */
export function readAlgorithmList<Key extends keyof SshAlgorithms>(
  key: Key,
  names: readonly string[] | undefined,
): SshAlgorithms {
  const [, sign = '', first = ''] = /^([+^-]?)(.*)$/.exec(names?.[0] ?? '') ?? []
  if (names === undefined || sign === '+') return {}
  const listed = [first, ...names.slice(1)]
  if (sign === '') return { [key]: listed }
  const matches = (name: string) => listed.some((pattern) => matchesWildcard(pattern, name))
  const [chosen, others] = [
    supportedAlgorithms[key].filter(matches),
    supportedAlgorithms[key].filter((name) => !matches(name)),
  ]
  return { [key]: sign === '-' ? others : [...chosen, ...others] }
}
