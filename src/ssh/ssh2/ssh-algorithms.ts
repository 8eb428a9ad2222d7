import { KcapError } from '../../base/kcap-error.ts'
import { toKeyType } from '../config/host-key-order.ts'
import { supportedAlgorithms as supported } from '../config/supported-algorithms.ts'
import { sshHostLabel } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'

export interface Ssh2Algorithms {
  readonly serverHostKey: readonly string[]
  readonly kex: readonly string[]
  readonly cipher: readonly string[]
  readonly hmac: readonly string[]
  readonly compress: readonly string[]
}

/**
 * Ciphers that `ssh -G` prints without a user's setting, up to 9.x and from 10.0 on. They begin with chacha20, which is the slowest here
 * (https://www.openssh.com/txt/release-10.0).
 */
const ownCiphers =
  /^chacha20-poly1305@openssh\.com,(aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm|aes128-gcm@openssh\.com,aes256-gcm)/

/**
 * Returns the user's allowed algorithms that ssh2 supports. They keep the user's order; if that is OpenSSH's default, they get kcap's. Host keys of
 * the preferred types come first.
 * @throws {KcapError} ssh-failed — when none are left, because ssh2 would read an empty list as "all"
 */
export function chooseAlgorithms(host: ResolvedSshHost, preferredKeyTypes: readonly string[]): Ssh2Algorithms {
  const choose = (kind: keyof typeof supported, keyword: string) => {
    const allowed = host.algorithms[kind] ?? supported[kind]
    const isOwnOrder = kind === 'ciphers' && ownCiphers.test(allowed.join(','))
    const chosen = isOwnOrder
      ? supported[kind].filter((name) => allowed.includes(name))
      : allowed.filter((name) => supported[kind].includes(name))
    if (chosen.length > 0) return chosen
    throw new KcapError(
      'ssh-failed',
      `cannot connect to "${sshHostLabel(host)}": the ${keyword} of your ssh config name none that kcap supports`,
      { hints: [`${keyword} ${supported[kind].join(',')}`] },
    )
  }
  const hostKeys = choose('hostKeys', 'HostKeyAlgorithms')
  const isPreferred = (algorithm: string) => preferredKeyTypes.includes(toKeyType(algorithm))
  return {
    serverHostKey: [...hostKeys.filter(isPreferred), ...hostKeys.filter((algorithm) => !isPreferred(algorithm))],
    kex: choose('keyExchanges', 'KexAlgorithms'),
    cipher: choose('ciphers', 'Ciphers'),
    hmac: choose('macs', 'MACs'),
    // Offer only the zlib that starts after the login, as in OpenSSH. A host without it continues uncompressed.
    compress: host.compression ? ['zlib@openssh.com', 'none'] : ['none'],
  }
}
