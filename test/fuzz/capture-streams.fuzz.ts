import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect } from 'vitest'
import { gunzipChunks } from '../../src/capture/gunzip-chunks.ts'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { makeKeyLogReader } from '../../src/packets/key-log.ts'
import { toPackets } from '../support/packets.ts'
import { cut } from '../support/pcapng-blocks.ts'
import { makeSampleCaptures } from '../support/sample-captures.ts'
import { fuzz } from './fuzz.ts'
import { damagedBytes, places } from './hostile-bytes.ts'
import { damagedText } from './hostile-text.ts'

/** Rows, the begun packet, and what the collector has not come to. */
const maxMemoryBytes = 256e6

/** Records of one link type: a capture on one interface has no other. */
const { pcaps, pcapngs } = makeSampleCaptures({ cooked: 1, plain: 1 })
const captures = [...pcaps, ...pcapngs, ...pcapngs]

/** Returns all that a reader makes of the chunks, as one text; throws when a packet is outside its bytes. */
function read(chunks: readonly Buffer[]): string {
  const reader = makeCaptureReader('x')
  const seen = chunks.flatMap((chunk) =>
    toPackets(reader.push(chunk)).map(({ seconds, nanoseconds, originalLength, data }) => {
      if (data.length > 262_144) throw new Error('a packet is too long')
      return `${seconds} ${nanoseconds} ${originalLength} ${data.toString('latin1')}`
    }),
  )
  // Of a stream that never was a capture only what came first is quoted.
  if (reader.failure?.code === 'not-a-capture') return 'not-a-capture'
  return [...seen, reader.failure?.message ?? `${reader.pendingLength} pending`].join('\n')
}

const memoryBefore = process.memoryUsage().arrayBuffers
let rounds = 0
fuzz(
  'captures: any cut gives the same packets, within bounded memory',
  fc.tuple(damagedBytes(captures), places),
  ([bytes, at]) => {
    if (read(cut(bytes, at)) !== read([bytes])) expect(read(cut(bytes, at))).toBe(read([bytes]))
    if (++rounds % 500 === 0) expect(process.memoryUsage().arrayBuffers - memoryBefore).toBeLessThan(maxMemoryBytes)
  },
)

const members = [...captures.map((bytes) => gzipSync(bytes)), Buffer.concat(captures.map((bytes) => gzipSync(bytes)))]
const bomb = gzipSync(Buffer.alloc(1_000_000))
const unframed = deflateRawSync(captures[0] as Buffer)

async function gunzip(chunks: readonly Buffer[]) {
  const unpacked = gunzipChunks(
    (async function* () {
      for (const chunk of chunks) yield [chunk]
    })(),
    'x',
  )
  const parts: Buffer[] = []
  for await (const group of unpacked.chunks) {
    expect(group.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(8e6)
    parts.push(...group)
  }
  return { bytes: Buffer.concat(parts), failure: unpacked.failure?.code, isTorn: unpacked.isTorn }
}

fuzz(
  'compressed captures: any cut gives the same bytes, and only corrupt-capture',
  fc.tuple(damagedBytes([...members, ...members, bomb, unframed]), places),
  async ([bytes, at]) => {
    const chunks = cut(bytes, at).filter(({ length }) => length > 0)
    const [whole, pieces] = [await gunzip(bytes.length === 0 ? [] : [bytes]), await gunzip(chunks)]
    expect([undefined, 'corrupt-capture']).toContain(whole.failure)
    expect(pieces.failure).toBe(whole.failure)
    if (whole.failure === undefined) {
      expect(pieces.isTorn).toBe(whole.isTorn)
      expect(pieces.bytes.equals(whole.bytes)).toBe(true)
    }
  },
)

const random = '0123456789abcdef'.repeat(4)
const keyLogs = [
  `CLIENT_RANDOM ${random} ${random}${random.slice(0, 32)}\n`,
  `# comment\r\nCLIENT_HANDSHAKE_TRAFFIC_SECRET ${random} ${random}\r\nSERVER_TRAFFIC_SECRET_0 ${random} ${random}\n`,
  `RSA 0123456789abcdef ${random}\nEXPORTER_SECRET ${random} ${random}\n`,
]
fuzz(
  'key logs: only whole valid lines come out, each once, however the file is cut',
  fc.tuple(damagedText(keyLogs), places),
  ([text, at]) => {
    const bytes = Buffer.from(text, 'latin1')
    const join = (chunks: readonly Buffer[]) => {
      const reader = makeKeyLogReader()
      return chunks.map((chunk) => reader.push(chunk)).join('')
    }
    const lines = join([bytes])
    expect(lines).toMatch(/^([A-Z_0-9]+ [0-9a-fA-F]+ [0-9a-fA-F]+\n)*$/)
    expect(new Set(lines.split('\n')).size).toBe(lines.split('\n').length)
    // A line that is too long in one chunk may be valid no more in several.
    if (text.length < 4_000) expect(join(cut(bytes, at))).toBe(lines)
  },
)
