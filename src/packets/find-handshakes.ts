import { type PacketRun, packetRow } from '../base/packet.ts'

/** TLS sessions that begin in captured packets. */
export interface Handshakes {
  /** Random of each ClientHello, in lower-case hex, as a key log identifies its session. */
  readonly clientRandoms: readonly string[]
  /** Whether there may be a QUIC session, whose ClientHello is visible only after decryption. */
  readonly hasQuic: boolean
}

/** Record header up to the first byte of the version, which is 0xfe in DTLS. */
const tlsRecord = Buffer.from([0x16, 0x03])
const dtlsRecord = Buffer.from([0x16, 0xfe])
const clientHello = 1
const randomLength = 32
/** Offsets in TLS (RFC 8446 §5.1 and §4): record header 5, handshake header 4, version 2. */
const tlsLayout = { handshake: 5, random: 11 }
/** Offsets in DTLS (RFC 6347 §4.1 and §4.2.2): record header 13, handshake header 12, version 2. */
const dtlsLayout = { handshake: 13, random: 27 }

const quicVersions = [Buffer.from([0, 0, 0, 1]), Buffer.from([0x6b, 0x33, 0x43, 0xcf])]
/** Minimum length of a datagram with an Initial packet, which is padded to it (RFC 9000 §14.1). */
const leastInitialLength = 1_200
const longestConnectionId = 20

/**
 * Finds ClientHello messages and QUIC Initial packets at any offset, without knowing link types and tunnels. A false hit costs a line of a key log.
 */
export function findHandshakes(runs: readonly PacketRun[]): Handshakes {
  const clientRandoms: string[] = []
  let hasQuic = false
  for (const run of runs) {
    const bytes = spanOf(run)
    visitMatches(bytes, tlsRecord, (at) => addRandom(bytes, at, tlsLayout))
    visitMatches(bytes, dtlsRecord, (at) => addRandom(bytes, at, dtlsLayout))
    for (const version of quicVersions)
      visitMatches(bytes, version, (at) => {
        hasQuic ||= isInitial(run, bytes, at)
      })
  }

  function addRandom(bytes: Buffer, at: number, { handshake, random }: typeof tlsLayout): void {
    const start = at + random
    if (bytes[at + handshake] !== clientHello || start + randomLength > bytes.length) return
    clientRandoms.push(bytes.toString('hex', start, start + randomLength))
  }
  return { clientRandoms, hasQuic }
}

/** Returns the bytes from the first packet to the last, with what the stream has between them. */
function spanOf({ batch: { bytes, rows }, from, to }: PacketRun): Buffer {
  const last = (to - 1) * packetRow.length
  const end = (rows[last + packetRow.offset] as number) + (rows[last + packetRow.capturedLength] as number)
  return bytes.subarray(rows[from * packetRow.length + packetRow.offset], end)
}

function visitMatches(bytes: Buffer, pattern: Buffer, visit: (at: number) => void): void {
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) visit(at)
}

/** Reports whether the version at `at` is that of a long header (RFC 9000 §17.2), in a packet as long as the first one of a client. */
function isInitial({ batch: { rows }, from, to }: PacketRun, bytes: Buffer, at: number): boolean {
  const destinationLength = bytes[at + 4] ?? 255
  const sourceLength = bytes[at + 5 + destinationLength] ?? 255
  if (((bytes[at - 1] ?? 0) & 0xc0) !== 0xc0) return false
  if (destinationLength > longestConnectionId || sourceLength > longestConnectionId) return false
  const start = rows[from * packetRow.length + packetRow.offset] as number
  for (let row = to - 1; row >= from; row--) {
    const offset = (rows[row * packetRow.length + packetRow.offset] as number) - start
    if (offset > at) continue
    const end = offset + (rows[row * packetRow.length + packetRow.originalLength] as number)
    return end - (at - 1) >= leastInitialLength
  }
  return false
}
