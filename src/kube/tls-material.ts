import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterEntry, UserEntry } from './kubeconfig-entries.ts'
import { readSystemAuthorities } from './system-authorities.ts'

/** Trusted authorities and the client certificate of a login. */
export interface TlsMaterial {
  readonly authorities?: Buffer | undefined
  readonly certificate?: Buffer | string | undefined
  readonly key?: Buffer | string | undefined
}

/** Origin of the files and data, for error messages. */
export interface KubeconfigPlace {
  readonly context: string
  readonly paths: readonly string[]
}

/**
 * Reads the authorities and the client certificate of a login.
 * @throws {KcapError} kubeconfig-unreadable — when a named file can't be read
 * @throws {KcapError} kubeconfig-broken — when data is not base64
 */
export function readTlsMaterial(place: KubeconfigPlace, cluster: ClusterEntry, user: UserEntry): TlsMaterial {
  const certificate = readOne(place, user, 'client-certificate')
  return {
    authorities: readOne(place, cluster, 'certificate-authority'),
    certificate,
    // Nobody asks for the key without a certificate.
    key: certificate === undefined ? undefined : readOne(place, user, 'client-key'),
  }
}

function readOne<Key extends string>(
  place: KubeconfigPlace,
  entry: { readonly [key in Key | `${Key}-data`]?: string },
  key: Key,
): Buffer | undefined {
  const data: string | undefined = entry[`${key}-data`]
  if (data) {
    const text = data.replace(/[\r\n]/g, '')
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
      throw brokenLogin(place, `its ${key}-data is not base64`)
    return Buffer.from(text, 'base64')
  }
  return entry[key] ? readNamedFile(place, entry[key]) : undefined
}

/** Returns when a client certificate ends, in ms since 1970; undefined for anything else. */
export function findCertificateEnd(certificate: Buffer | string): number | undefined {
  try {
    return Date.parse(new X509Certificate(certificate).validTo) || undefined
  } catch {
    return undefined
  }
}

/**
 * Reads a file that the kubeconfig names.
 * @throws {KcapError} kubeconfig-unreadable — when the file can't be read
 */
export function readNamedFile({ paths }: KubeconfigPlace, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new KcapError(
      'kubeconfig-unreadable',
      `cannot read the file "${file}" that the kubeconfig "${paths.join(':')}" names: ${(error as Error).message}`,
      { hints: [line('ls', '-l', file)], cause: error },
    )
  }
}

/**
 * Makes the TLS options for connections to a host, whatever NODE_TLS_REJECT_UNAUTHORIZED says. As in Go, any certificate among the authorities is
 * trusted, even an intermediate or the server's own, and a common name counts for nothing.
 * @throws {KcapError} kubeconfig-broken — when a certificate or a key can't be used
 */
export function makeTlsOptions(
  place: KubeconfigPlace,
  cluster: ClusterEntry,
  material: TlsMaterial,
): ConnectionOptions {
  const serverName = cluster['tls-server-name'] || undefined
  const isChecked = cluster['insecure-skip-tls-verify'] !== true
  return {
    secureContext: makeContext(place, material, isChecked),
    rejectUnauthorized: isChecked,
    checkServerIdentity: (host, certificate) => checkIdentity(serverName ?? host, certificate),
    // An address is compared, but never sent (RFC 6066).
    ...(serverName !== undefined && { servername: isIP(serverName) === 0 ? serverName : '' }),
  }
}

function makeContext(place: KubeconfigPlace, material: TlsMaterial, isChecked: boolean): SecureContext {
  const { authorities, certificate, key } = material
  try {
    return createSecureContext({
      ca: authorities ?? (isChecked ? readSystemAuthorities() : []),
      cert: certificate,
      key,
      minVersion: 'TLSv1.2',
      allowPartialTrustChain: true,
    })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
      throw brokenLogin(place, 'its client certificate and its client key do not belong together', error)
    throw brokenLogin(place, `its certificate or key can't be used: ${message}`, error)
  }
}

function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname !== undefined) return checkServerIdentity(host, certificate)
  return Object.assign(new Error('it has no alternative names'), { code: 'CERT_WITHOUT_ALTERNATIVE_NAMES' })
}

export function brokenLogin({ context, paths }: KubeconfigPlace, state: string, cause?: unknown): KcapError {
  return new KcapError('kubeconfig-broken', `cannot use the context "${context}": ${state}`, {
    hints: [line('kubectl', 'config', 'view', '--kubeconfig', paths[0] ?? '')],
    ...(cause !== undefined && { cause }),
  })
}
