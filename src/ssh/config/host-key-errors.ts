import { type Hint, line } from '../../base/hint.ts'
import { KcapError } from '../../base/kcap-error.ts'
import { sshHostLabel } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { hostKeyFingerprint, hostKeyTypeName } from './host-key.ts'
import type { KnownHost } from './known-hosts.ts'

/** Key that a host presented. */
export interface ShownHostKey {
  /** Key type: `ED25519`, `RSA` or `ECDSA`. */
  readonly typeName: string
  /** SHA-256 fingerprint, `SHA256:…`; undefined if ssh did not print it. */
  readonly fingerprint: string | undefined
}

/** Key in known_hosts. */
export interface WrittenHostKey {
  readonly file: string
  readonly line: number
  /** The key itself; undefined if ssh printed only its line, and that line cannot be read. */
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

/** Returns the error for a changed host key. `knownName` is the host's name in known_hosts. */
export function changedHostKey(
  host: ResolvedSshHost,
  knownName: string,
  shown: ShownHostKey,
  known: WrittenHostKey,
): KcapError {
  const files = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]
  // A line to paste must never change another file, whatever ssh printed.
  const remedy = files.includes(known.file) ? [line('ssh-keygen', '-f', known.file, '-R', knownName)] : []
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": ${describeChange(shown, known)}`,
    {
      hints: [
        'someone may be intercepting the connection, or the host was reinstalled: ask who runs it, and only then:',
        ...remedy,
      ],
    },
  )
}

/** Returns the error for a revoked host key. `place` is the file, or the line of a file, that revokes it. */
export function revokedHostKey(host: ResolvedSshHost, shown: ShownHostKey, place: string | undefined): KcapError {
  const where = place === undefined ? '' : ` in ${place}`
  return new KcapError(
    'ssh-host-key-changed',
    `cannot trust "${sshHostLabel(host)}": its ${name(shown)} is revoked${where}`,
    { hints: ['ask who runs the host for its new key; a revoked key may be in the hands of others'] },
  )
}

/** Returns the error for a check that the ssh config asks for and that cannot be made. */
export function uncheckedHostKey(host: ResolvedSshHost, state: string, hints: readonly Hint[]): KcapError {
  return new KcapError('ssh-failed', `cannot check the host key of "${sshHostLabel(host)}": ${state}`, { hints })
}

/** Returns the warning for a login that continues only because of `StrictHostKeyChecking no`. */
export function describeUnproven(refusal: KcapError): string {
  return `${refusal.message}; the login goes on without passwords, because StrictHostKeyChecking is no`
}

/** Returns the warning for a key that is revoked only under the host's name without the port, which ssh lets pass. */
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
