import { createHash, createHmac } from 'node:crypto'
import { matchesWildcard } from '../base/wildcard.ts'

/** One usable line of a known_hosts file. https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT */
export interface KnownHost {
  readonly file: string
  readonly line: number
  readonly marker?: 'revoked' | 'cert-authority'
  /** Comma-separated patterns, or `|1|salt|hash`. */
  readonly hosts: string
  readonly key: Buffer
}

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly known: KnownHost }
  | { readonly kind: 'revoked'; readonly known: KnownHost }

const defaultPort = 22

/** Lines that make no sense are passed over, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    const fields = content.trim().split(/\s+/)
    const marker = fields[0]?.startsWith('@') ? fields.shift()?.slice(1) : undefined
    const [hosts, type, encoded] = fields
    if (hosts === undefined || hosts === '' || hosts.startsWith('#') || type === undefined || encoded === undefined)
      return []
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return []
    const key = Buffer.from(encoded, 'base64')
    if (hostKeyType(key) !== type) return []
    return [{ file, line: index + 1, hosts, key, ...(marker === undefined ? {} : { marker }) }]
  })
}

/** The name under which a host stands in known_hosts: `host`, or `[host]:port` on another port than 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === defaultPort ? name : `[${name}]:${port}`
}

/**
 * OpenSSH's answer for a host that shows `key`: a revoked key is refused whatever else is known; one equal key is enough;
 * another key of the same type means changed; keys of other types only mean that this one is unknown.
 */
export function judgeHostKey(knownHosts: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const entries = knownHosts.filter((entry) => matchesHost(entry.hosts, name))
  const revoked = entries.find((entry) => entry.marker === 'revoked' && entry.key.equals(key))
  if (revoked !== undefined) return { kind: 'revoked', known: revoked }
  const plain = entries.filter((entry) => entry.marker === undefined)
  if (plain.some((entry) => entry.key.equals(key))) return { kind: 'known' }
  const changed = plain.find((entry) => hostKeyType(entry.key) === hostKeyType(key))
  return changed === undefined ? { kind: 'unknown' } : { kind: 'changed', known: changed }
}

/** Key types known for a host. Asking for these first is what keeps a host known by its rsa key from being "unknown" by its ed25519 key. */
export function knownKeyTypes(knownHosts: readonly KnownHost[], name: string): string[] {
  const matching = knownHosts.filter((entry) => entry.marker === undefined && matchesHost(entry.hosts, name))
  return [...new Set(matching.map((entry) => hostKeyType(entry.key)))]
}

/** Does the host field of a known_hosts line stand for this name? */
export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = hosts.split('|')
    return hashHostName(name, Buffer.from(salt, 'base64')) === hash
  }
  let matched = false
  for (const pattern of hosts.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!')
    if (!matchesWildcard(negated ? pattern.slice(1) : pattern, name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

/** `|1|salt|hash`, as `ssh-keygen -H` writes it. */
export function hashedHostField(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${hashHostName(name, salt)}`
}

function hashHostName(name: string, salt: Buffer): string {
  return createHmac('sha1', salt).update(name).digest('base64')
}

/** The type a key says of itself: its first string. https://www.rfc-editor.org/rfc/rfc4253#section-6.6 */
export function hostKeyType(key: Buffer): string {
  return key.length < 4 ? '' : key.toString('latin1', 4, Math.min(4 + key.readUInt32BE(0), 64))
}

/** `ED25519`, `RSA`, `ECDSA`: as ssh calls the types in its messages. */
export function hostKeyTypeName(key: Buffer): string {
  const type = hostKeyType(key).replace(/^sk-/, '')
  if (type.startsWith('ecdsa-')) return 'ECDSA'
  return type.replace(/^ssh-/, '').replace(/@.*/, '').toUpperCase()
}

/** `SHA256:…` without padding, as `ssh-keygen -l` shows it. */
export function hostKeyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}
