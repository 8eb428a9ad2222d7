import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { cut, makeBlockFormat } from '../support/pcapng-blocks.ts'

const little = makeBlockFormat(true)
const big = makeBlockFormat(false)

function read(bytes: Buffer, places: readonly number[]) {
  const reader = makeCaptureReader('x')
  const batches = cut(bytes, places).flatMap((chunk) => reader.push(chunk))
  return { failure: reader.failure, pendingLength: reader.pendingLength, packets: batches.length }
}

function change(block: Buffer, at: number, bytes: readonly number[]): Buffer {
  const changed = Buffer.from(block)
  changed.set(bytes, at)
  return changed
}

test.each([
  { bytes: change(little.section(), 4, [24]), state: 'the block at byte 0 claims 24 bytes' },
  { bytes: change(little.section(), 4, [29]), state: 'the block at byte 0 claims 29 bytes' },
  { bytes: change(little.section(), 4, [0, 0, 0, 0]), state: 'the block at byte 0 claims 0 bytes' },
  { bytes: change(little.section(), 4, [252, 255, 255, 255]), state: 'the block at byte 0 claims 4294967292 bytes' },
  { bytes: change(big.section(), 8, [0]), state: 'the section at byte 0 has the unknown byte order 2b3c4d' },
  { bytes: change(little.section(), 12, [0]), state: 'the section at byte 0 is of version 0.0' },
  { bytes: big.section([1, 1]), state: 'the section at byte 0 is of version 1.1' },
  {
    bytes: change(big.section(), 27, [32]),
    state: 'the block at byte 0 claims 28 bytes at its start and 32 at its end',
  },
  {
    bytes: change(Buffer.concat([little.section(), little.interface()]), 4, [32]),
    state: 'the block at byte 0 claims 32 bytes at its start and 1 at its end',
  },
])('the error of a broken first block names its byte, however the stream is split: $state', ({ bytes, state }) => {
  const stream = Buffer.concat([bytes, little.interface(), little.enhanced(0, 1n, Buffer.from('packet'))])
  for (const places of [[], [28], ...Array.from(stream, (_, i) => [i]), Array.from(stream, (_, i) => i)]) {
    const { failure, packets } = read(stream, places)
    expect(packets).toBe(0)
    expect(failure?.code).toBe('corrupt-capture')
    expect(failure?.message).toBe(`cannot read packets of "x": ${state}`)
  }
})

test('any bytes after the first four of a pcapng fail with a byte number, the same for any split', () => {
  const rest = Buffer.concat([little.interface(), little.enhanced(0, 1n, Buffer.from('packet'))])
  const damage = fc.record({ at: fc.integer({ min: 4, max: 27 }), value: fc.nat(255) })
  fc.assert(
    fc.property(
      fc.constantFrom(little.section(), big.section(), little.section([1, 2])),
      fc.array(damage, { maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (section, damages, places) => {
        const stream = Buffer.concat([section, rest])
        for (const { at, value } of damages) stream[at] = value
        const whole = read(stream, [])
        const pieces = read(stream, places)
        expect(pieces.failure?.message).toBe(whole.failure?.message)
        if (whole.failure !== undefined) expect(whole.failure.message).toMatch(/ at byte \d+ /)
        else expect(pieces.pendingLength).toBe(whole.pendingLength)
      },
    ),
    { numRuns: 3000 },
  )
})
