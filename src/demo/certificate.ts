import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import {
  bitString,
  explicit,
  identifier,
  integer,
  octetString,
  sequence,
  set,
  tagged,
  text,
  time,
  truth,
} from './der.ts'

export interface ServerCertificate {
  readonly key: string
  /** Self-signed certificate. */
  readonly certificate: string
}

const hourMs = 60 * 60 * 1000
const validMs = 365 * 24 * hourMs
const name = sequence(set(sequence(identifier('2.5.4.3'), text('kcap-demo'))))
const ecdsaWithSha256 = sequence(identifier('1.2.840.10045.4.3.2'))
/** Key usage: `digitalSignature` and `keyCertSign`, bits 0 and 5. */
const usageBits = Buffer.of(0b1000_0100)
const usageUnusedBits = 2
const dnsName = 2
const ipAddress = 7

/** Certificate extensions: RFC 5280, 4.2. */
const extensions = sequence(
  sequence(identifier('2.5.29.19'), truth(), octetString(sequence(truth()))), // basicConstraints: an authority
  sequence(identifier('2.5.29.15'), truth(), octetString(bitString(usageBits, usageUnusedBits))), // keyUsage
  sequence(identifier('2.5.29.37'), octetString(sequence(identifier('1.3.6.1.5.5.7.3.1')))), // extKeyUsage: serverAuth
  sequence(
    identifier('2.5.29.17'), // subjectAltName
    octetString(sequence(tagged(dnsName, Buffer.from('localhost')), tagged(ipAddress, Buffer.of(127, 0, 0, 1)))),
  ),
)

/** Returns a certificate for the loopback address, created at each start. https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
export function makeServerCertificate(): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const version3 = explicit(0, integer(Buffer.of(2)))
  const serialNumber = integer(Buffer.concat([Buffer.of(1), randomBytes(15)]))
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
    explicit(3, extensions),
  )
  const certificate = sequence(signed, ecdsaWithSha256, bitString(sign('sha256', signed, privateKey)))
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate: formatPem(certificate) }
}

function formatPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
