import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import { sshHostLabel } from './ssh-error.ts'

/** A key as a host shows it. */
export interface ShownHostKey {
  /** `ED25519`, `RSA` or `ECDSA`. */
  readonly typeName: string
  /** `SHA256:…`; undefined where ssh did not tell. */
  readonly fingerprint: string | undefined
}

/** Where another key of the host, or this one as revoked, is written down. */
export interface WrittenHostKey {
  readonly file: string
  readonly line: number
  readonly fingerprint: string | undefined
}

export function unknownHostKey(host: ResolvedSshHost, { typeName, fingerprint }: ShownHostKey): KcapError {
  const [file] = host.userKnownHostsFiles
  const port = host.port === 22 ? '' : `-p ${host.port} `
  const key = `${typeName} key${fingerprint === undefined ? '' : ` ${fingerprint}`}`
  return new KcapError('ssh-host-key-unknown', `cannot trust "${sshHostLabel(host)}": its ${key} is unknown`, {
    hints: [
      'compare this fingerprint with one from the host, then pass --accept-new-host-key, or add the key yourself:',
      `ssh-keyscan ${port}${quote(host.host)} >> ${file === undefined ? '~/.ssh/known_hosts' : quote(file)}`,
    ],
  })
}

/** `name`: as the host stands in known_hosts. */
export function changedHostKey(
  host: ResolvedSshHost,
  name: string,
  { typeName, fingerprint = 'another one' }: ShownHostKey,
  known: WrittenHostKey,
): KcapError {
  const before = known.fingerprint === undefined ? 'the one' : known.fingerprint
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": its ${typeName} key is now ${fingerprint}, not ${before} as in ${known.file} line ${known.line}`,
    {
      hints: [
        'someone may stand between you and the host, or it was set up anew: ask who runs it, and only then:',
        `ssh-keygen -f ${quote(known.file)} -R ${quote(name)}`,
      ],
    },
  )
}

export function revokedHostKey(host: ResolvedSshHost, key: ShownHostKey, known: WrittenHostKey | undefined): KcapError {
  const shown = `${key.typeName} key${key.fingerprint === undefined ? '' : ` ${key.fingerprint}`}`
  const place = known === undefined ? '' : ` in ${known.file} line ${known.line}`
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": its ${shown} is revoked${place}`,
    { hints: ['ask who runs the host for its new key; a revoked key may be in the hands of others'] },
  )
}
