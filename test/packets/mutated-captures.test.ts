import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KcapError } from '../../src/base/kcap-error.ts'
import { type PacketBatch, packetRow } from '../../src/base/packet.ts'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import { makePcapngReader } from '../../src/packets/pcapng-reader.ts'
import { cut } from '../support/pcapng-blocks.ts'
import { makeSampleCaptures } from '../support/sample-captures.ts'

/** `KCAP_FUZZ_RUNS=1000000` for a long search; fast-check prints the seed that repeats a failure. */
const runCount = Number(process.env.KCAP_FUZZ_RUNS ?? 2_000)
const maxMemoryBytes = 256e6

interface Reader {
  readonly failure: KcapError | undefined
  readonly pendingLength: number
  readonly push: (chunk: Buffer) => readonly PacketBatch[]
}

function makeReader(isPcapng: boolean): Reader {
  if (!isPcapng) return makePcapReader('x')
  const reader = makePcapngReader('x')
  return {
    get failure() {
      return reader.failure
    },
    get pendingLength() {
      return reader.pendingLength
    },
    push: (chunk) => reader.push(chunk).map(({ batch }) => batch),
  }
}

const { pcaps, pcapngs } = makeSampleCaptures({ cooked: 276, plain: 113 })
const originals = [...pcaps, ...pcapngs, ...pcapngs, ...pcapngs]

/** Values at which lengths and ids go wrong. */
const telling = fc.constantFrom(
  0,
  1,
  3,
  4,
  7,
  8,
  12,
  16,
  20,
  28,
  32,
  36,
  0xffff,
  262_144,
  262_145,
  2 ** 31,
  2 ** 32 - 4,
)
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at: fc.nat(2000), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('word' as const), at: fc.nat(500), value: telling, littleEndian: fc.boolean() }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat(2000), length: fc.nat(64) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(2000), length: fc.nat(400) }),
)

function mutate(bytes: Buffer, change: typeof mutation extends fc.Arbitrary<infer Value> ? Value : never): Buffer {
  const at = change.kind === 'word' ? (change.at * 4) % (bytes.length - 3) : change.at % bytes.length
  if (change.kind === 'remove') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + change.length)])
  if (change.kind === 'repeat') return Buffer.concat([bytes.subarray(0, at + change.length), bytes.subarray(at)])
  const changed = Buffer.from(bytes)
  if (change.kind === 'byte') changed[at] = change.value
  else if (change.littleEndian) changed.writeUInt32LE(change.value, at)
  else changed.writeUInt32BE(change.value, at)
  return changed
}

/**
 * Returns all that a reader makes of the chunks, as one text; throws when a packet is outside its bytes, or a batch has another sum of
 * lengths than it states.
 */
function read(chunks: readonly Buffer[], isPcapng: boolean): string {
  const reader = makeReader(isPcapng)
  const seen: string[] = []
  for (const chunk of chunks)
    for (const { bytes, count, rows, capturedBytes } of reader.push(chunk)) {
      let sum = 0
      for (let row = 0; row < count * packetRow.length; row += packetRow.length) {
        const [seconds, nanoseconds, offset = 0, length = 0, originalLength] = rows.subarray(
          row,
          row + packetRow.length,
        )
        if (offset + length > bytes.length) throw new Error(`a packet ends at ${offset + length} of ${bytes.length}`)
        seen.push(`${seconds} ${nanoseconds} ${originalLength} ${bytes.toString('latin1', offset, offset + length)}`)
        sum += length
      }
      if (sum !== capturedBytes) throw new Error(`a batch of ${sum} bytes says that it has ${capturedBytes}`)
    }
  // Of a stream that never was a capture only what came first is quoted, and nothing is read further.
  if (reader.failure?.code === 'not-a-capture') return 'not a capture'
  return [...seen, reader.failure?.message ?? `${reader.pendingLength} pending`].join('\n')
}

test(
  'damaged captures never throw, give the same packets for any split, and use bounded memory',
  () => {
    const beforeBytes = process.memoryUsage().arrayBuffers
    let runs = 0
    fc.assert(
      fc.property(
        fc.nat(originals.length - 1),
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (index, mutations, places) => {
          const bytes = mutations.reduce(
            (bytes, change) => (bytes.length < 8 ? bytes : mutate(bytes, change)),
            originals[index] as Buffer,
          )
          for (const isPcapng of [false, true])
            if (read([bytes], isPcapng) !== read(cut(bytes, places), isPcapng))
              expect(read(cut(bytes, places), isPcapng)).toBe(read([bytes], isPcapng))
          if (++runs % 500 === 0) expect(process.memoryUsage().arrayBuffers - beforeBytes).toBeLessThan(maxMemoryBytes)
        },
      ),
      { numRuns: runCount },
    )
  },
  20_000 + runCount * 5,
)
