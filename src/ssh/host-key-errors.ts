import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { hostKeyFingerprint, hostKeyTypeName } from './host-key.ts'
import type { KnownHost } from './known-hosts.ts'
import type { ResolvedSshHost } from './resolve-ssh-host.ts'
import { sshHostLabel } from './ssh-error.ts'

/** A key as a host shows it. */
export interface ShownHostKey {
  /** `ED25519`, `RSA` or `ECDSA`. */
  readonly typeName: string
  /** `SHA256:…`; undefined where ssh did not print it. */
  readonly fingerprint: string | undefined
}

/** A key of known_hosts. */
export interface WrittenHostKey {
  readonly file: string
  readonly line: number
  /** Undefined where ssh printed only the line, and it can't be read. */
  readonly key: Buffer | undefined
}

export function showKey(key: Buffer): ShownHostKey {
  return { typeName: hostKeyTypeName(key), fingerprint: hostKeyFingerprint(key) }
}

export function unknownHostKey(host: ResolvedSshHost, shown: ShownHostKey): KcapError {
  const [file] = host.userKnownHostsFiles
  const port = host.port === 22 ? [] : ['-p', String(host.port)]
  const hints: Hint[] =
    file === undefined
      ? ['your ssh config keeps no new keys, because UserKnownHostsFile is none']
      : [
          'compare this fingerprint with one from the host, then pass --accept-new-host-key, or add the key yourself:',
          { ...line('ssh-keyscan', ...port, host.host), appendTo: file },
        ]
  return new KcapError('ssh-host-key-unknown', `cannot trust "${sshHostLabel(host)}": its ${name(shown)} is unknown`, {
    hints,
  })
}

/** `knownName`: the host's name in known_hosts. */
export function changedHostKey(
  host: ResolvedSshHost,
  knownName: string,
  shown: ShownHostKey,
  known: WrittenHostKey,
): KcapError {
  const files = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]
  // No other file may be changed by a line to paste, whatever ssh has printed.
  const remedy = files.includes(known.file) ? [line('ssh-keygen', '-f', known.file, '-R', knownName)] : []
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": ${describeChange(shown, known)}`,
    {
      hints: [
        'someone may stand between you and the host, or it was set up anew: ask who runs it, and only then:',
        ...remedy,
      ],
    },
  )
}

/** `place`: where the key is revoked, a file or a line of it. */
export function revokedHostKey(host: ResolvedSshHost, shown: ShownHostKey, place: string | undefined): KcapError {
  const where = place === undefined ? '' : ` in ${place}`
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": its ${name(shown)} is revoked${where}`,
    { hints: ['ask who runs the host for its new key; a revoked key may be in the hands of others'] },
  )
}

/** A check that the ssh config asks for, and that can't be made. */
export function uncheckedHostKey(host: ResolvedSshHost, state: string, hints: readonly Hint[]): KcapError {
  return new KcapError('ssh-failed', `cannot check the host key of "${sshHostLabel(host)}": ${state}`, { hints })
}

/** Returns what a person should see where `StrictHostKeyChecking no` lets a login go on that any other value would refuse. */
export function describeUnproven(refusal: KcapError): string {
  return `${refusal.message}; the login goes on without passwords, because StrictHostKeyChecking is no`
}

/** Returns what a person should see where a key is revoked under the host's name without the port only, which ssh lets pass. */
export function describeOtherPort(refusal: KcapError): string {
  return `${refusal.message}; the login may go on, because that line is not for this port`
}

export function locate(known: Pick<KnownHost, 'file' | 'line'>): string {
  return `${known.file} line ${known.line}`
}

function name({ typeName, fingerprint }: ShownHostKey): string {
  return `${typeName} key${fingerprint === undefined ? '' : ` ${fingerprint}`}`
}

function describeChange({ typeName, fingerprint = 'another one' }: ShownHostKey, known: WrittenHostKey): string {
  const place = locate(known)
  if (known.key === undefined) return `its ${typeName} key is now ${fingerprint}, not the one as in ${place}`
  const [knownType, before] = [hostKeyTypeName(known.key), hostKeyFingerprint(known.key)]
  return knownType === typeName
    ? `its ${typeName} key is now ${fingerprint}, not ${before} as in ${place}`
    : `its key is now ${typeName} ${fingerprint}, not ${knownType} ${before} as in ${place}`
}
