import { createHmac } from 'node:crypto'
import { matchesWildcard } from '../../base/wildcard.ts'
import { hostKeyType, parseHostKey, rsaKeyBits } from './host-key.ts'

/** Usable line of a known_hosts file. https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT */
export interface KnownHost {
  readonly file: string
  readonly line: number
  readonly marker?: 'revoked' | 'cert-authority'
  /** Host field: comma-separated patterns, or `|1|salt|hash`. */
  readonly hosts: string
  readonly key: Buffer
}

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly known: KnownHost }
  | { readonly kind: 'revoked'; readonly known: KnownHost }

const defaultPort = 22
/** Minimum RSA key size that OpenSSH reads (sshkey.h, SSH_RSA_MINIMUM_MODULUS_SIZE). */
const leastRsaBits = 1024
/** Maximum pattern length; a longer pattern ends the search in its line (match.c, match_pattern_list). */
const maxPatternLength = 1022
const saltLength = 20

/** Parses a known_hosts file. Skips malformed lines, like ssh (hostfile.c, hostkeys_foreach_file). */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((content, index) => {
    const entry = parseLine((content.split('\0', 1)[0] ?? '').replace(/^[ \t]+/, ''))
    return entry === undefined ? [] : [{ file, line: index + 1, ...entry }]
  })
}

function parseLine(content: string): Omit<KnownHost, 'file' | 'line'> | undefined {
  if (content.startsWith('#')) return undefined
  const marked = content.startsWith('@') ? splitMarker(content) : { marker: undefined, rest: content }
  if (marked === undefined) return undefined
  const { marker, rest } = marked
  const [, hosts, written = ''] = /^([^ \t]+)[ \t]+(.*)$/s.exec(rest) ?? []
  const key = parseHostKey(written)
  if (hosts === undefined || key === undefined || (rsaKeyBits(key) ?? leastRsaBits) < leastRsaBits) return undefined
  return { hosts, key, ...(marker === undefined ? {} : { marker }) }
}

/** Splits the marker from its line. A marker ends at the line's first space, or at a tab if the line has no space (hostfile.c, check_markers). */
function splitMarker(content: string): { marker: KnownHost['marker']; rest: string } | undefined {
  const end = content.includes(' ') ? content.indexOf(' ') : content.indexOf('\t')
  const marker = content.slice(1, Math.max(end, 0))
  const rest = content.slice(end).replace(/^[ \t]+/, '')
  const isMarker = marker === 'revoked' || marker === 'cert-authority'
  return isMarker && !rest.startsWith('@') ? { marker, rest } : undefined
}

/** Returns a host's name in known_hosts: `host`, or `[host]:port` for ports other than 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === defaultPort ? name : `[${name}]:${port}`
}

/**
 * Returns OpenSSH's verdict on a host that presents `key` (hostfile.c, check_hostkeys_by_key_or_type). A revoked key is refused regardless of other
 * entries. One equal key is enough to accept. Any other key of the host, of any type, means that it has changed. Otherwise, presenting a key of a
 * type the host never had would make it a new host.
 */
export function judgeHostKey(knownHosts: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const entries = knownHosts.filter((entry) => matchesHost(entry.hosts, name))
  const revoked = findRevoked(entries, key)
  if (revoked !== undefined) return { kind: 'revoked', known: revoked }
  const plain = entries.filter(({ marker }) => marker === undefined)
  if (plain.some((entry) => entry.key.equals(key))) return { kind: 'known' }
  const other = plain.find((entry) => hostKeyType(entry.key) === hostKeyType(key)) ?? plain.at(-1)
  return other === undefined ? { kind: 'unknown' } : { kind: 'changed', known: other }
}

/** Returns the types of the keys known for a host, which ssh requests first. Leaves out a type whose first key is revoked. */
export function knownKeyTypes(knownHosts: readonly KnownHost[], name: string): string[] {
  const entries = knownHosts.filter((entry) => matchesHost(entry.hosts, name))
  const plain = entries.filter(({ marker }) => marker === undefined)
  const types = [...new Set(plain.map(({ key }) => hostKeyType(key)))]
  const firstOf = (type: string) => plain.find(({ key }) => hostKeyType(key) === type)?.key as Buffer
  return types.filter((type) => findRevoked(entries, firstOf(type)) === undefined)
}

function findRevoked(entries: readonly KnownHost[], key: Buffer): KnownHost | undefined {
  return entries.find((entry) => entry.marker === 'revoked' && entry.key.equals(key))
}

/** Returns whether the host field of a known_hosts line matches this name. */
export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) {
    const salt = Buffer.from(hosts.split('|')[2] ?? '', 'base64')
    return salt.length === saltLength && hosts === hashedHostField(name, salt)
  }
  let matched = false
  for (const pattern of hosts.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!')
    const wildcard = negated ? pattern.slice(1) : pattern
    if (wildcard.length > maxPatternLength) return false
    if (!matchesWildcard(wildcard, name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

/** Returns a hashed host field as `ssh-keygen -H` writes it: `|1|salt|hash`. */
export function hashedHostField(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name).digest('base64')
  return `|1|${salt.toString('base64')}|${hash}`
}
