import { KcapError } from '../base/kcap-error.ts'
import { toKeyType } from './host-key-order.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import { sshHostLabel } from './ssh-error.ts'
import { supportedAlgorithms as supported } from './supported-algorithms.ts'

export interface Ssh2Algorithms {
  readonly serverHostKey: readonly string[]
  readonly kex: readonly string[]
  readonly cipher: readonly string[]
  readonly hmac: readonly string[]
  readonly compress: readonly string[]
}

/**
 * What `ssh -G` says of Ciphers where the user has said nothing, up to 9.x and from 10.0 on: chacha20 first, which is the slowest here
 * (https://www.openssh.com/txt/release-10.0).
 */
const ownCiphers =
  /^chacha20-poly1305@openssh\.com,(aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm|aes128-gcm@openssh\.com,aes256-gcm)/

/**
 * The user's allowed algorithms among those of ssh2, in the user's order, or in ours where it is OpenSSH's own; host keys of the preferred
 * types come first. Throws where nothing is left: ssh2 would read an empty list as "all".
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
      `cannot connect to "${sshHostLabel(host)}": the ${keyword} of your ssh config are none that kcap has`,
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
    // Of the two zlibs, the one that begins after the login, as in OpenSSH. A host that has none goes on without.
    compress: host.compression ? ['zlib@openssh.com', 'none'] : ['none'],
  }
}
