import { createHash, ECDH } from 'node:crypto'

/**
 * Parses `TYPE BASE64` at the beginning of a text. Returns undefined for a key that OpenSSH cannot read either (sshkey.c, sshkey_read); it ignores
 * such a line in known_hosts.
 */
export function parseHostKey(text: string): Buffer | undefined {
  const [, type = '', encoded = ''] = /^([^ \t]+)[ \t]+([^ \t]+)/.exec(text) ?? []
  const base64 = encoded.replace(/[\n\v\f\r]/g, '')
  const key = Buffer.from(base64, 'base64')
  const isWhole =
    key.toString('base64') === base64 && hostKeyType(key) === type.replace(/^rsa-sha2-(256|512)$/, 'ssh-rsa')
  return isWhole && hasKeyShape(key) ? key : undefined
}

/** Returns the type that a key declares in its first string. https://www.rfc-editor.org/rfc/rfc4253#section-6.6 */
export function hostKeyType(key: Buffer): string {
  return key.length < 4 ? '' : key.toString('latin1', 4, Math.min(4 + key.readUInt32BE(0), 64))
}

/** Returns the type as ssh prints it in its messages: `ED25519`, `RSA`, `ECDSA`. */
export function hostKeyTypeName(key: Buffer): string {
  const type = hostKeyType(key).replace(/^sk-/, '')
  if (type.startsWith('ecdsa-')) return 'ECDSA'
  return type.replace(/^ssh-/, '').replace(/@.*/, '').toUpperCase()
}

/** Returns the fingerprint as `ssh-keygen -l` prints it: `SHA256:…` without padding. */
export function hostKeyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** Returns the number of bits in an RSA key's modulus; undefined for other types. */
export function rsaKeyBits(key: Buffer): number | undefined {
  const modulus = hostKeyType(key) === 'ssh-rsa' ? readStrings(key)?.[2] : undefined
  return modulus && countBits(modulus)
}

const curves: Readonly<Record<string, string>> = {
  nistp256: 'prime256v1',
  nistp384: 'secp384r1',
  nistp521: 'secp521r1',
}

/** Returns whether a key has the fields of its type, and nothing after them. Checks only the type of a certificate. */
function hasKeyShape(key: Buffer): boolean {
  const type = hostKeyType(key)
  if (/^(sk-)?(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp\d+)-cert-v01@openssh\.com$/.test(type)) return true
  const [, ...fields] = readStrings(key) ?? []
  switch (type) {
    case 'ssh-ed25519':
      return fields.length === 1 && fields[0]?.length === 32
    case 'sk-ssh-ed25519@openssh.com':
      return fields.length === 2 && fields[0]?.length === 32
    case 'ssh-rsa':
      return fields.length === 2 && fields.every(isPositive)
    case 'ssh-dss':
      return fields.length === 4 && fields.every(isPositive) && countBits(fields[0]) === 1024
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return fields.length === 3 && isPoint(fields[0], fields[1]) && String(fields[0]) === 'nistp256'
    default:
      return fields.length === 2 && isPoint(fields[0], fields[1]) && type === `ecdsa-sha2-${fields[0]}`
  }
}

/** Returns all length-prefixed strings of a key; undefined if they do not end exactly at its end. */
function readStrings(key: Buffer): Buffer[] | undefined {
  const strings: Buffer[] = []
  for (let offset = 0; offset < key.length; ) {
    if (offset + 4 > key.length) return undefined
    const end = offset + 4 + key.readUInt32BE(offset)
    if (end > key.length) return undefined
    strings.push(key.subarray(offset + 4, end))
    offset = end
  }
  return strings
}

function isPositive(number: Buffer): boolean {
  return number.length > 0 && (number[0] ?? 0) < 0x80
}

function countBits(number: Buffer = Buffer.alloc(0)): number {
  const first = number.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first] ?? 0) + 24
}

/** Returns whether the bytes are an uncompressed point on the named curve. */
function isPoint(curveName: Buffer | undefined, point: Buffer | undefined): boolean {
  const curve = curves[String(curveName)]
  if (curve === undefined || point?.[0] !== 4) return false
  try {
    ECDH.convertKey(point, curve)
    return true
  } catch {
    return false
  }
}
