import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AddressName } from '../../src/base/address-name.ts'
import type { PacketBatch } from '../../src/base/packet.ts'
import { makeCaptureReader } from '../../src/packets/capture-reader.ts'
import { formatNameResolution } from '../../src/packets/pcapng-names.ts'
import { formatTlsSecrets } from '../../src/packets/pcapng-secrets.ts'
import {
  enhancedPacketsLength,
  formatInterfaceDescription,
  formatSectionHeader,
  writeEnhancedPackets,
} from '../../src/packets/pcapng-writer.ts'
import { makeBatch } from '../support/packets.ts'
import { cut, makeBlockFormat } from '../support/pcapng-blocks.ts'

const section = formatSectionHeader({ application: 'kcap', os: 'Linux', comment: '' })
const web = { linkType: 1, snapLength: 128, name: 'shop/web any', description: 'kube exec', filter: 'port 80' }

/** Reads a shared stream, cut at these places. */
function read(stream: Buffer, places: readonly number[] = []) {
  const names: AddressName[] = []
  let secrets = ''
  const reader = makeCaptureReader('kcaps://127.0.0.1:1', {
    takeNames: (more) => names.push(...more),
    takeTlsSecrets: (lines) => (secrets += lines),
    taken: async () => {},
  })
  const batches = cut(stream, places).flatMap((chunk) => reader.push(chunk))
  return { reader, batches, names, secrets }
}

function packet(interfaceId: number, comment?: string): Buffer {
  const batch = makeBatch([{ seconds: 1, nanoseconds: 2, data: Buffer.from('data!'), originalLength: 5 }])
  const run = { interfaceId, batch, from: 0, to: 1 }
  const runs = [comment === undefined ? run : { ...run, comment }]
  const block = Buffer.alloc(enhancedPacketsLength(runs))
  writeEnhancedPackets(block, 0, runs)
  return block
}

const originOf = (batch: PacketBatch, first: PacketBatch['header']) => (batch.header ?? first)?.origin?.name

test('interfaces with equal headers stay apart, with the names, texts and filters that the sender gave them', () => {
  const db = { ...web, name: 'shop/db any', filter: '' }
  const stream = Buffer.concat([
    section,
    formatInterfaceDescription(web),
    formatInterfaceDescription(db),
    packet(0),
    packet(1),
    packet(0),
  ])
  const { reader, batches } = read(stream)
  expect(reader.header?.origin).toEqual({ name: 'shop/web any', description: 'kube exec', filter: 'port 80' })
  expect(batches.map((batch) => originOf(batch, reader.header))).toEqual([
    'shop/web any',
    'shop/db any',
    'shop/web any',
  ])
})

test('names, secrets and comments are what the sender wrote, for any split', () => {
  const names = [
    { address: '10.0.0.7', name: 'web.shop' },
    { address: 'fd00:0:0:0:0:0:0:7', name: 'db.shop' },
  ]
  const lines = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}\n`
  const stream = Buffer.concat([
    section,
    formatInterfaceDescription(web),
    formatNameResolution(names) as Buffer,
    formatTlsSecrets(lines),
    packet(0),
    packet(0, '7 packets lost here\nsecond line'),
    packet(0),
    packet(0),
  ])
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 20 }), (places) => {
      const found = read(stream, places)
      expect(found.names).toEqual(names)
      expect(found.secrets).toBe(lines)
      expect(found.batches.reduce((sum, { count }) => sum + count, 0)).toBe(4)
      const commented = found.batches.filter(({ comment }) => comment !== undefined)
      expect(commented.map(({ comment }) => comment)).toEqual(['7 packets lost here\nsecond line'])
    }),
    { numRuns: 200 },
  )
})

test('control characters of the sender become visible escapes', () => {
  const hostile = { ...web, name: 'a\u001b[2Jb', description: 'x\ny' }
  const names = formatNameResolution([{ address: '10.0.0.7', name: 'web\u202eshop' }]) as Buffer
  const {
    reader,
    batches,
    names: read1,
  } = read(Buffer.concat([section, formatInterfaceDescription(hostile), names, packet(0, '\u0007beep')]))
  expect(reader.header?.origin).toMatchObject({ name: 'a\\x1b[2Jb', description: 'x\\x0ay' })
  expect(read1).toEqual([{ address: '10.0.0.7', name: 'web\\u{202e}shop' }])
  expect(batches[0]?.comment).toBe('\\x07beep')
})

test('only lines of a key log are secrets', () => {
  const line = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}`
  const { secrets } = read(
    Buffer.concat([section, formatInterfaceDescription(web), formatTlsSecrets(`# comment\n${line}\r\nnonsense\n`)]),
  )
  expect(secrets).toBe(`${line}\n`)
})

test.each([true, false])('malformed names and secrets cost no packet (little-endian: %s)', (isLittle) => {
  const format = makeBlockFormat(isLittle)
  const body = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(4, 10), body), { maxLength: 5 }), (blocks) => {
      const stream = Buffer.concat([
        format.section(),
        format.interface(1, 64),
        ...blocks.map(([type, bytes]) => format.block(type, Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]))),
        format.enhanced(0, 1n, Buffer.from('data')),
      ])
      const { reader, batches } = read(stream)
      expect(reader.failure).toBeUndefined()
      expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(1)
    }),
  )
})

test('a name that is longer than any domain is left out', () => {
  const names = [
    { address: '10.0.0.7', name: 'x'.repeat(254) },
    { address: '10.0.0.8', name: 'web.shop' },
  ]
  const block = formatNameResolution(names) as Buffer
  const long = makeBlockFormat(true).block(
    4,
    { u16: [1, 4 + 60_000] },
    Buffer.from([10, 0, 0, 9]),
    Buffer.alloc(60_000, 'y'),
    { u16: [0, 0] },
  )
  const found = read(Buffer.concat([section, formatInterfaceDescription(web), long, block, packet(0)]))
  expect(found.names).toEqual(names)
})
