import type { SeededRandom } from '../random/seeded-random.ts'

/** TLS messages as they appear on the wire; encrypted parts are random. https://www.rfc-editor.org/rfc/rfc8446 */
const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const
const handshakeTypes = { clientHello: 1, serverHello: 2 } as const
const versions = { tls10: 0x0301, tls12: 0x0303, tls13: 0x0304 } as const
const extensionTypes = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  pskModes: 45,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const
const x25519 = 0x001d
/** Cipher suite TLS_AES_128_GCM_SHA256. */
const tls13Suite = 0x1301
/** Cipher suite TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. */
const tls12Suite = 0xc02f
const clientSuites = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8]

export interface ClientHello {
  readonly serverName: string
  readonly protocols: readonly string[]
  readonly version: '1.2' | '1.3'
  readonly sessionId: Buffer
}

export function formatClientHello(random: SeededRandom, hello: ClientHello): Buffer {
  const isTls13 = hello.version === '1.3'
  const suites = isTls13 ? clientSuites : clientSuites.slice(3)
  const extensions = [
    extension(
      extensionTypes.serverName,
      vector16(Buffer.concat([Buffer.of(0), vector16(Buffer.from(hello.serverName))])),
    ),
    extension(extensionTypes.extendedMasterSecret, Buffer.alloc(0)),
    extension(extensionTypes.renegotiationInfo, Buffer.of(0)),
    extension(extensionTypes.supportedGroups, vector16(words(x25519, 0x0017, 0x0018))),
    extension(extensionTypes.pointFormats, Buffer.of(1, 0)),
    extension(extensionTypes.alpn, vector16(Buffer.concat(hello.protocols.map((name) => vector8(Buffer.from(name)))))),
    extension(
      extensionTypes.signatureAlgorithms,
      vector16(words(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)),
    ),
  ]
  if (isTls13) {
    extensions.push(
      extension(extensionTypes.supportedVersions, vector8(words(versions.tls13, versions.tls12))),
      extension(extensionTypes.pskModes, Buffer.of(1, 1)),
      extension(extensionTypes.keyShare, vector16(Buffer.concat([words(x25519), vector16(random.bytes(32))]))),
    )
  }
  const body = Buffer.concat([
    words(versions.tls12),
    random.bytes(32),
    vector8(hello.sessionId),
    vector16(words(...suites)),
    vector8(Buffer.of(0)),
    vector16(Buffer.concat(extensions)),
  ])
  return record(contentTypes.handshake, handshake(handshakeTypes.clientHello, body), versions.tls10)
}

/** Returns the ServerHello of TLS 1.3 with the encrypted rest of the server's flight. */
export function formatTls13ServerFlight(random: SeededRandom, sessionId: Buffer): Buffer {
  const extensions = [
    extension(extensionTypes.supportedVersions, words(versions.tls13)),
    extension(extensionTypes.keyShare, Buffer.concat([words(x25519), vector16(random.bytes(32))])),
  ]
  // Encrypted: EncryptedExtensions, Certificate, CertificateVerify, Finished.
  const encrypted = [32, 1130, 281, 53].map((length) => formatApplicationData(random, length))
  return Buffer.concat([serverHello(random, sessionId, tls13Suite, extensions), formatChangeCipherSpec(), ...encrypted])
}

/** Returns the ServerHello of TLS 1.2 that resumes the client's session, so that no certificate follows. */
export function formatTls12ResumedFlight(random: SeededRandom, sessionId: Buffer): Buffer {
  const extensions = [
    extension(extensionTypes.extendedMasterSecret, Buffer.alloc(0)),
    extension(extensionTypes.renegotiationInfo, Buffer.of(0)),
    extension(extensionTypes.alpn, vector16(vector8(Buffer.from('http/1.1')))),
  ]
  return Buffer.concat([
    serverHello(random, sessionId, tls12Suite, extensions),
    formatChangeCipherSpec(),
    formatEncryptedFinished(random),
  ])
}

export function formatChangeCipherSpec(): Buffer {
  return record(contentTypes.changeCipherSpec, Buffer.of(1))
}

/** Returns Finished of TLS 1.2 with AES-GCM: 8 bytes nonce, 16 bytes message, 16 bytes tag. */
export function formatEncryptedFinished(random: SeededRandom): Buffer {
  // The first byte must be no handshake type. Otherwise, a reader without keys would take it for a plain message.
  return record(contentTypes.handshake, Buffer.concat([Buffer.alloc(8), random.bytes(32)]))
}

export function formatApplicationData(random: SeededRandom, length: number): Buffer {
  return record(contentTypes.applicationData, random.bytes(length))
}

/** Returns a fatal alert. https://www.rfc-editor.org/rfc/rfc8446#section-6 */
export function formatFatalAlert(description: number): Buffer {
  return record(contentTypes.alert, Buffer.of(2, description))
}

export const alertProtocolVersion = 70

function serverHello(random: SeededRandom, sessionId: Buffer, suite: number, extensions: readonly Buffer[]): Buffer {
  const body = Buffer.concat([
    words(versions.tls12),
    random.bytes(32),
    vector8(sessionId),
    words(suite),
    Buffer.of(0),
    vector16(Buffer.concat(extensions)),
  ])
  return record(contentTypes.handshake, handshake(handshakeTypes.serverHello, body))
}

function record(type: number, body: Buffer, version: number = versions.tls12): Buffer {
  return Buffer.concat([Buffer.of(type), words(version), vector16(body)])
}

function handshake(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff), body])
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([words(type), vector16(body)])
}

function vector8(body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(body.length), body])
}

function vector16(body: Buffer): Buffer {
  return Buffer.concat([words(body.length), body])
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 2)
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, i * 2)
  return bytes
}
