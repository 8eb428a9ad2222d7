import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { compactBatch } from '../../src/packets/compact-batch.ts'
import { makePacketMerger } from '../../src/packets/merge-packets.ts'
import { makeNoteLatePackets } from '../../src/packets/note-late-packets.ts'
import { enhancedPacketsLength, writeEnhancedPackets } from '../../src/packets/pcapng-writer.ts'
import { makeBatch, parseBlocks, toPackets } from '../support/packets.ts'
import { cut, makeBlockFormat, readPcapng } from '../support/pcapng-blocks.ts'

const little = makeBlockFormat(true)
/** The end of the last whole second of a nanosecond clock of 64 bits, in 2554. */
const endSeconds = 18_446_744_073
const packetAt = (seconds: number, nanoseconds = 7) => ({
  seconds,
  nanoseconds,
  data: Buffer.of(1),
  originalLength: 1,
})
const nanosecondInterface = little.interface(1, 0, little.option(9, Buffer.of(9)))

function makePcapng(times: readonly number[]): Buffer {
  const blocks = times.map((seconds) => little.enhanced(0, BigInt(seconds) * 1_000_000_000n + 7n, Buffer.of(1)))
  return Buffer.concat([little.section(), nanosecondInterface, ...blocks])
}

const anyTimes = fc.array(
  fc.oneof(
    fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 33 - 1, 2 ** 33, endSeconds - 1),
    fc.nat(Number.MAX_SAFE_INTEGER).map((seconds) => seconds % endSeconds),
  ),
  { maxLength: 12 },
)

test('times up to 2554 are read exactly, in batches with one upper part each, however the stream is split', () => {
  fc.assert(
    fc.property(anyTimes, fc.array(fc.nat(), { maxLength: 8 }), (times, places) => {
      const reader = makeCaptureReader('x')
      const batches = cut(makePcapng(times), places).flatMap((chunk) => reader.push(chunk))
      expect(reader.failure).toBeUndefined()
      expect(toPackets(batches)).toEqual(times.map((seconds) => packetAt(seconds)))
      for (const { upperSeconds } of batches) expect(upperSeconds).not.toBe(0)
    }),
  )
})

test('packets before 2106 are in one batch without an upper part of their seconds', () => {
  const reader = makeCaptureReader('x')
  expect(reader.push(makePcapng([0, 2 ** 32 - 1, 5])).map((batch) => Object.keys(batch))).toEqual([
    ['bytes', 'count', 'rows', 'capturedBytes'],
  ])
})

test('a packet without a time after one of 2200 is of 1970', () => {
  const stream = Buffer.concat([makePcapng([7_258_118_400]), little.simple(Buffer.of(2))])
  expect(readPcapng([stream]).packets.map(({ seconds }) => seconds)).toEqual([7_258_118_400, 0])
})

test.each([
  ['2554', nanosecondInterface, BigInt(endSeconds) * 1_000_000_000n],
  ['the year 3000', little.interface(), 32_503_680_000_000_000n],
  ['1969', little.interface(1, 0, little.option(14, little.long(-1n))), 0n],
])('a time in %s that does not fit is an error, after the packets before it', (_time, description, ticks) => {
  const kept = little.enhanced(0, 1_000_000_000_000_000n, Buffer.of(1))
  const start = Buffer.concat([little.section(), description, kept])
  const bad = little.enhanced(0, ticks, Buffer.of(1))
  for (const places of [[], [start.length], [start.length + 30]]) {
    const { reader, packets } = readPcapng(cut(Buffer.concat([start, bad, kept]), places))
    expect(packets.length).toBe(1)
    expect(reader.failure?.message).toContain(`the packet at byte ${start.length} has a time before 1970 or after 2554`)
  }
})

test('a pcapng keeps all 64 bits of a time, also where runs with other upper parts alternate', () => {
  fc.assert(
    fc.property(anyTimes, (times) => {
      const runs = times.map((seconds) => ({ interfaceId: 0, batch: makeBatch([packetAt(seconds)]), from: 0, to: 1 }))
      const out = Buffer.alloc(enhancedPacketsLength(runs))
      writeEnhancedPackets(out, 0, runs)
      const written = parseBlocks(out).map(
        ({ body }) => (BigInt(body.readUInt32LE(4)) << 32n) + BigInt(body.readUInt32LE(8)),
      )
      expect(written).toEqual(times.map((seconds) => BigInt(seconds) * 1_000_000_000n + 7n))
    }),
  )
})

test('compactBatch keeps the upper part of the seconds and the header', () => {
  const header = { linkType: 113, snapLength: 96 }
  const batch = { ...makeBatch([packetAt(2 ** 32)]), header }
  const compact = compactBatch({ ...batch, bytes: Buffer.concat([batch.bytes, Buffer.alloc(100_000)]) })
  expect(compact.bytes.length).toBe(1)
  expect(compact).toMatchObject({ upperSeconds: 1, header })
})

test('packets of two sources merge in time order beyond 2106', () => {
  const merger = makePacketMerger({ handOverMs: 0, windowMs: 0, maxQueuedBytes: 1e9 })
  const inputs = [0, 1].map((id) => merger.addSource(id))
  const times = [
    [2 ** 32 - 2, 2 ** 32 + 1, 2 ** 33],
    [2 ** 32 - 1, 2 ** 32, 2 ** 33 - 1],
  ]
  for (const [i, input] of inputs.entries()) {
    for (const seconds of times[i] ?? []) input.push(makeBatch([packetAt(seconds)]), 0)
    input.end()
  }
  const merged = merger.take(0).flatMap(({ batch }) => toPackets([batch]).map(({ seconds }) => seconds))
  expect(merged).toEqual(times.flat().sort((a, b) => a - b))
})

test('a packet of 2105 after one of 2107 gets a comment that says how much earlier it is', () => {
  const note = makeNoteLatePackets(200)
  const runs = [2 ** 32 + 10, 2 ** 32 - 10].map((seconds, interfaceId) => ({
    interfaceId,
    batch: makeBatch([packetAt(seconds)]),
    from: 0,
    to: 1,
  }))
  expect(note(runs).map(({ comment }) => comment?.split(' earlier')[0])).toEqual([undefined, '20.00 s'])
})
