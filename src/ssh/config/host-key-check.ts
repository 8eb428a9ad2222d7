import type { KcapError } from '../../base/kcap-error.ts'
import { sshHostLabel } from '../ssh-error.ts'
import type { ResolvedSshHost } from '../ssh-host.ts'
import { hostKeyFingerprint, hostKeyTypeName, rsaKeyBits } from './host-key.ts'
import {
  changedHostKey,
  describeOtherPort,
  describeUnproven,
  locate,
  revokedHostKey,
  showKey,
  uncheckedHostKey,
  unknownHostKey,
} from './host-key-errors.ts'
import type { StrictHostKeyChecking } from './host-key-settings.ts'
import { type HostKeyVerdict, judgeHostKey, type KnownHost, knownHostName, knownKeyTypes } from './known-hosts.ts'
import { namesInKnownHosts, readKnownHosts } from './read-known-hosts.ts'
import { type RememberOptions, rememberHostKey } from './remember-host-key.ts'
import { findRevocationList, refuseRevokedKey } from './revoked-host-keys.ts'

export interface HostKeyQuestion {
  readonly host: string
  /** Key type: `ED25519`, `RSA` or `ECDSA`. */
  readonly keyType: string
  /** SHA-256 fingerprint: `SHA256:…`. */
  readonly fingerprint: string
}

export type AskHostKey = (question: HostKeyQuestion) => Promise<boolean>

/**
 * Result of a host key check. `unproven` means the key is wrong and only `StrictHostKeyChecking no` lets the login continue; no password may be sent
 * then.
 */
export type HostKeyTrust = 'proven' | 'unproven'

export interface HostKeyCheck {
  /** Types of the keys known for this host. */
  readonly knownTypes: readonly string[]
  /**
   * Judges a key that the host presents. `address` is the host's address on a direct connection.
   * @throws {KcapError} ssh-host-key-unknown, ssh-host-key-changed — when the key cannot be trusted
   * @throws {KcapError} ssh-failed — when the key cannot be checked
   */
  verify(key: Buffer, address: string | undefined): Promise<HostKeyTrust>
  isUnproven(): boolean
}

export interface HostKeyCheckOptions extends RememberOptions {
  readonly acceptNewHostKey: boolean
  /** Whether the host only forwards to the next one. */
  readonly isJumpHost: boolean
  readonly askHostKey?: AskHostKey | undefined
  /** Reports to the user. */
  readonly tell: (event: string) => void
}

/**
 * Reads a host's known_hosts files and judges the key it presents, like OpenSSH (sshconnect.c, verify_host_key and check_host_key).
 * @throws {KcapError} ssh-failed — when the ssh config asks for a check that only ssh makes
 */
export async function makeHostKeyCheck(host: ResolvedSshHost, options: HostKeyCheckOptions): Promise<HostKeyCheck> {
  const foreign = await findForeignCheck(host)
  if (foreign !== undefined)
    throw uncheckedHostKey(host, `only the ssh program does it: ${foreign}`, [
      'install OpenSSH, and do not pass --ssh-client ssh2',
    ])
  let last: { readonly key: Buffer; readonly trust: HostKeyTrust } | undefined
  return {
    knownTypes: knownKeyTypes(await readKnownHosts(host), namesInKnownHosts(host).name),
    async verify(key, address) {
      // Each rekeying presents the key again.
      if (last?.key.equals(key) !== true) last = { key, trust: await judge(host, key, address, options) }
      return last.trust
    },
    isUnproven: () => last?.trust === 'unproven',
  }
}

/** Returns a check in the ssh config that only the ssh program can make; undefined if there is none. */
export async function findForeignCheck(host: ResolvedSshHost): Promise<string | undefined> {
  if (host.knownHostsCommand !== undefined) return 'its keys come from a KnownHostsCommand'
  if (host.verifyHostKeyDns) return 'VerifyHostKeyDNS looks its key up'
  const list = await findRevocationList(host.revokedHostKeys)
  return list && `${list} is a key revocation list`
}

async function judge(
  host: ResolvedSshHost,
  key: Buffer,
  address: string | undefined,
  options: HostKeyCheckOptions,
): Promise<HostKeyTrust> {
  refuseShortKey(host, key)
  await refuseRevokedKey(host, key)
  if (host.noHostAuthenticationForLocalhost && host.hostKeyAlias === undefined && isLoopback(address)) return 'proven'

  const knownHosts = await readKnownHosts(host)
  const { name, plainName } = namesInKnownHosts(host)
  const strictness = options.acceptNewHostKey ? 'accept-new' : host.strictHostKeyChecking
  const own = judgeHostKey(knownHosts, name, key)
  const withoutPort = own.kind === 'unknown' ? judgeHostKey(knownHosts, plainName, key) : own
  // As in ssh, an entry without the port can vouch for a host on another port, but not contradict it.
  const counts = withoutPort.kind === 'known' || (withoutPort.kind === 'revoked' && strictness === 'no')
  const verdict = counts ? withoutPort : own
  if (verdict.kind === 'changed' || verdict.kind === 'revoked') {
    const refusal = toRefusal(host, name, key, verdict)
    if (!mayPass(host, strictness, options.isJumpHost)) throw refusal
    options.tell(describeUnproven(refusal))
    return 'unproven'
  }

  const addressName = nameOfAddress(host, address)
  const byAddress = addressName === undefined ? undefined : judgeHostKey(knownHosts, addressName, key)
  const newNames = byAddress?.kind === 'unknown' ? [addressName as string] : []
  if (verdict.kind === 'unknown') {
    const warning = withoutPort.kind === 'revoked' ? toRefusal(host, plainName, key, withoutPort) : undefined
    if (warning !== undefined && strictness !== 'yes') options.tell(describeOtherPort(warning))
    if (!(await isAccepted(host, key, strictness, options))) throw warning ?? unknownHostKey(host, showKey(key))
    await rememberHostKey(host, [name, ...newNames], key, options)
  } else if (own.kind === 'known' && newNames.length > 0) await rememberHostKey(host, newNames, key, options)
  if (byAddress?.kind === 'changed' && strictness !== 'no')
    throw changedHostKey(host, addressName as string, showKey(key), byAddress.known)
  return 'proven'
}

function refuseShortKey(host: ResolvedSshHost, key: Buffer): void {
  const bits = rsaKeyBits(key) ?? Number.POSITIVE_INFINITY
  if (bits < host.requiredRsaSize)
    throw uncheckedHostKey(host, `its RSA key has ${bits} bits, and RequiredRSASize is ${host.requiredRsaSize}`, [
      'ask who runs the host for a longer or another key',
    ])
}

function toRefusal(
  host: ResolvedSshHost,
  name: string,
  key: Buffer,
  verdict: HostKeyVerdict & { readonly known: KnownHost },
): KcapError {
  return verdict.kind === 'revoked'
    ? revokedHostKey(host, showKey(key), locate(verdict.known))
    : changedHostKey(host, name, showKey(key), verdict.known)
}

/**
 * Returns whether a login may continue despite a wrong key. A jump host must forward, and ssh forwards nothing through a host from which it withholds
 * passwords.
 */
function mayPass(host: ResolvedSshHost, strictness: StrictHostKeyChecking, isJumpHost: boolean): boolean {
  const withholds = host.loginMethods.some((method) => method !== 'publickey')
  return strictness === 'no' && !(withholds && (isJumpHost || host.exitOnForwardFailure))
}

async function isAccepted(
  host: ResolvedSshHost,
  key: Buffer,
  strictness: StrictHostKeyChecking,
  { askHostKey }: HostKeyCheckOptions,
): Promise<boolean> {
  // ssh accepts no key without a file to store it in, or under a name that known_hosts would parse differently.
  if (host.userKnownHostsFiles.length === 0 || /[@?*#[\]|'"\\]/.test(host.host)) return false
  if (strictness !== 'ask') return strictness !== 'yes'
  if (host.batchMode || askHostKey === undefined) return false
  return await askHostKey({
    host: sshHostLabel(host),
    keyType: hostKeyTypeName(key),
    fingerprint: hostKeyFingerprint(key),
  })
}

/** Returns the name under which CheckHostIP looks up an address; undefined if it looks up none. */
function nameOfAddress({ host, port, checkHostIp }: ResolvedSshHost, address: string | undefined): string | undefined {
  const isOff = !checkHostIp || address === undefined || isLoopback(address) || address === host.toLowerCase()
  return isOff ? undefined : knownHostName(address, port)
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (/^127\./.test(address) || address === '::1')
}
