import fc from 'fast-check'

/** Values at which lengths, counts and ids go wrong. */
const telling = fc.constantFrom(
  0,
  1,
  3,
  4,
  7,
  8,
  16,
  28,
  32,
  255,
  0xffff,
  262_144,
  262_145,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 4,
  2 ** 32 - 1,
)

const edit = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at: fc.nat(4000), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('word' as const), at: fc.nat(1000), value: telling, littleEndian: fc.boolean() }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat(4000), length: fc.nat(64) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(4000), length: fc.nat(400) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(4000) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(4000), bytes: fc.uint8Array({ maxLength: 32 }) }),
)
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never

/** Real bytes of a kind, damaged; sometimes nothing of them. */
export function damagedBytes(samples: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const damaged = fc
    .tuple(fc.nat(samples.length - 1), fc.array(edit, { maxLength: 6 }))
    .map(([index, edits]) => edits.reduce(apply, samples[index] as Buffer))
  return fc.oneof(
    { weight: 12, arbitrary: damaged },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)) },
  )
}

function apply(bytes: Buffer, change: Edit): Buffer {
  if (bytes.length < 8) return bytes
  const at = change.kind === 'word' ? (change.at * 4) % (bytes.length - 3) : change.at % bytes.length
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  if (change.kind === 'cut') return before
  if (change.kind === 'insert') return Buffer.concat([before, change.bytes, after])
  if (change.kind === 'remove') return Buffer.concat([before, after.subarray(change.length)])
  if (change.kind === 'repeat') return Buffer.concat([before, after.subarray(0, change.length), after])
  const changed = Buffer.from(bytes)
  if (change.kind === 'byte') changed[at] = change.value
  else if (change.littleEndian) changed.writeUInt32LE(change.value, at)
  else changed.writeUInt32BE(change.value, at)
  return changed
}

/** Places to split the bytes; `cut` takes each modulo the length. */
export const places = fc.array(fc.nat(), { maxLength: 8 })
