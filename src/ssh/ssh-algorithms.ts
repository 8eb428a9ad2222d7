import { KcapError } from '../base/kcap-error.ts'
import type { ResolvedSshHost, SshAlgorithms } from './resolve-ssh-host.ts'
import { sshHostLabel } from './ssh-error.ts'

/** What ssh2 1.17 can do and OpenSSH still allows, best first. */
const supported: Required<SshAlgorithms> = {
  hostKeys: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
  ],
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

export interface Ssh2Algorithms {
  readonly serverHostKey: readonly string[]
  readonly kex: readonly string[]
  readonly cipher: readonly string[]
  readonly hmac: readonly string[]
  readonly compress: readonly string[]
}

/**
 * The user's allowed algorithms among those of ssh2, in ssh2's order; host keys of the known types come first, as in OpenSSH. Throws
 * where nothing is left: ssh2 would read an empty list as "all".
 */
export function chooseAlgorithms(host: ResolvedSshHost, knownKeyTypes: readonly string[]): Ssh2Algorithms {
  const choose = (kind: keyof typeof supported, keyword: string) => {
    const allowed = host.algorithms[kind]
    const chosen = supported[kind].filter((name) => allowed?.includes(name) ?? true)
    if (chosen.length > 0) return chosen
    throw new KcapError(
      'ssh-failed',
      `cannot connect to "${sshHostLabel(host)}": the ${keyword} of your ssh config are none that kcap has`,
      { hints: [`${keyword} ${supported[kind].join(',')}`] },
    )
  }
  const hostKeys = choose('hostKeys', 'HostKeyAlgorithms')
  const isKnown = (algorithm: string) => knownKeyTypes.includes(algorithm.replace(/^rsa-sha2-.*/, 'ssh-rsa'))
  return {
    serverHostKey: [...hostKeys.filter(isKnown), ...hostKeys.filter((algorithm) => !isKnown(algorithm))],
    kex: choose('keyExchanges', 'KexAlgorithms'),
    cipher: choose('ciphers', 'Ciphers'),
    hmac: choose('macs', 'MACs'),
    // Of the two zlibs, the one that begins after the login, as in OpenSSH. A host that has none goes on without.
    compress: host.compression ? ['zlib@openssh.com', 'none'] : ['none'],
  }
}
