import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
import {
  bitString,
  derInteger,
  derText,
  derTrue,
  explicit,
  identifier,
  octetString,
  sequence,
  set,
  tagged,
  time,
} from './der.ts'

export interface ServerCertificate {
  readonly key: string
  /** Self-signed certificate. */
  readonly certificate: string
}

const hourMs = 60 * 60 * 1000
const validMs = 365 * 24 * hourMs
const name = sequence(set(sequence(identifier('2.5.4.3'), derText('kcap'))))
const ecdsaWithSha256 = sequence(identifier('1.2.840.10045.4.3.2'))
/** Key usage: `digitalSignature` and `keyCertSign`, bits 0 and 5. */
const usageBits = Buffer.of(0b1000_0100)
const usageUnusedBits = 2
const dnsName = 2
const ipAddress = 7

/** Names and addresses that a certificate is valid for. */
export interface CertificateNames {
  readonly dnsNames: readonly string[]
  /** IPv4 and IPv6 addresses. */
  readonly addresses: readonly string[]
}

const loopbackNames: CertificateNames = { dnsNames: ['localhost'], addresses: ['127.0.0.1'] }

/** Returns the certificate extensions: RFC 5280, 4.2. */
function makeExtensions({ dnsNames, addresses }: CertificateNames): Buffer {
  return sequence(
    sequence(identifier('2.5.29.19'), derTrue(), octetString(sequence(derTrue()))), // basicConstraints: an authority
    sequence(identifier('2.5.29.15'), derTrue(), octetString(bitString(usageBits, usageUnusedBits))), // keyUsage
    sequence(identifier('2.5.29.37'), octetString(sequence(identifier('1.3.6.1.5.5.7.3.1')))), // extKeyUsage: serverAuth
    sequence(
      identifier('2.5.29.17'), // subjectAltName
      octetString(
        sequence(
          ...dnsNames.map((name) => tagged(dnsName, Buffer.from(name))),
          ...addresses.map((address) => tagged(ipAddress, parseAddress(address))),
        ),
      ),
    ),
  )
}

/** Returns the bytes of an address: 4 or 16. The URL parser expands the forms of IPv6. */
function parseAddress(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const words = (part: string) => part.split(':').filter((word) => word !== '')
  const [front, back] = [words(head), words(tail ?? '')]
  const groups = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back]
  return Buffer.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
}

/** Returns a new key and its certificate, valid for a year. https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
export function makeServerCertificate(names = loopbackNames): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const version3 = explicit(0, derInteger(Buffer.of(2)))
  const serialNumber = derInteger(Buffer.concat([Buffer.of(1), randomBytes(15)]))
  const validity = sequence(time(Date.now() - hourMs), time(Date.now() + validMs))
  const publicKeyInfo = publicKey.export({ type: 'spki', format: 'der' })
  const signed = sequence(
    version3,
    serialNumber,
    ecdsaWithSha256,
    name,
    validity,
    name,
    publicKeyInfo,
    explicit(3, makeExtensions(names)),
  )
  const certificate = sequence(signed, ecdsaWithSha256, bitString(sign('sha256', signed, privateKey)))
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate: formatPem(certificate) }
}

function formatPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
