import { expect, test } from 'vitest'
import type { CaptureRequest } from '../../src/base/capture-request.ts'
import { formatPcap, parseBlocks } from '../support/packets.ts'
import { makeBlockFormat, readPcapng } from '../support/pcapng-blocks.ts'
import { captureReplay, useReplayFolder } from '../support/replayed-tcpdump.ts'

/** Streams of a remote host that are no usual capture, from there to the file. */
const little = makeBlockFormat(true)
const packet = (id: number, text: string, ticks = 1n) => little.enhanced(id, ticks, Buffer.from(text))
const late = (1n << 32n) * 1_000_000n
const folder = useReplayFolder()

const capture = (pieces: readonly Buffer[], more?: Partial<CaptureRequest>) => captureReplay(folder(), pieces, more)

/** The interface and the text of each packet. */
const textsOf = (bytes: Buffer) =>
  readPcapng([bytes]).packets.map(({ interfaceId, data }) => `${interfaceId} ${data.toString()}`)

/** Returns for each statistics block its interface, the packets delivered, and those that passed the remote host's filter. */
function countsOf(bytes: Buffer): unknown[] {
  return parseBlocks(bytes)
    .filter(({ type }) => type === 5)
    .map(({ body, options }) => {
      const of = options(12)
      return [body.readUInt32LE(0), of.get(8)?.[0]?.readBigUInt64LE(), of.get(4)?.[0]?.readBigUInt64LE()]
    })
}

test('several link types of one source are interfaces of their own, with their packets in the order they came', async () => {
  const fcs = little.option(13, Buffer.of(32))
  const start = [little.section(), little.interface(1, 96, fcs), little.interface(113, 64)]
  const first = Buffer.concat([...start, packet(0, 'a', 9n), packet(1, 'b', 5n), packet(0, 'c', 7n)])
  const second = Buffer.concat([packet(1, 'd'), packet(1, 'e', late), packet(0, 'f')])
  const { summary, bytes } = await capture([first, second])
  expect([summary.error, summary.packets]).toEqual([undefined, 6])
  expect(textsOf(bytes)).toEqual(['0 a', '1 b', '0 c', '1 d', '1 e', '0 f'])
  expect(readPcapng([bytes]).reader.interfaces).toMatchObject([
    { linkType: 1, snapLength: 96, fcsBits: 32 },
    { linkType: 113, snapLength: 64 },
  ])
  expect(countsOf(bytes)).toEqual([
    [0, 3n, 9n],
    [1, 3n, undefined],
  ])
})

test('a packet longer than the snap length that was written gets an interface with a longer one', async () => {
  const start = Buffer.concat([little.section(), little.interface(1, 4), packet(0, 'abc')])
  const { bytes } = await capture([start, Buffer.concat([packet(0, 'abcde'), packet(0, 'f')])])
  expect(textsOf(bytes)).toEqual(['0 abc', '1 abcde', '1 f'])
  expect(readPcapng([bytes]).reader.interfaces.map(({ snapLength }) => snapLength)).toEqual([4, 262_144])
})

test('a source with a second link type fails in a pcap, and its packets before that are kept', async () => {
  const start = [little.section(), little.interface(1), little.interface(113)]
  const stream = Buffer.concat([...start, packet(0, 'kept'), packet(1, 'b'), packet(0, 'c')])
  const { summary, bytes } = await capture([stream], { format: 'pcap' })
  expect([summary.packets, summary.error?.code]).toEqual([1, 'usage'])
  expect(summary.error?.message).toMatch(
    /^cannot write ".*" into the same pcap: its link type 113 is not the 1 of the others$/,
  )
  expect(bytes.subarray(40).toString()).toBe('kept')
})

test('a source with a packet of 2106 fails in a pcap, and its packets before that are kept', async () => {
  const start = [little.section(), little.interface(1)]
  const stream = Buffer.concat([...start, packet(0, 'kept'), packet(0, 'b', late), packet(0, 'c')])
  const { summary, bytes } = await capture([stream], { format: 'pcap' })
  expect([summary.packets, summary.error?.code]).toEqual([1, 'usage'])
  expect(summary.error?.message).toMatch(/^cannot write ".*" into a pcap: its packets are of times after 2106$/)
  expect(summary.error?.hints).toEqual(['--format pcapng'])
  expect(bytes.subarray(40).toString()).toBe('kept')
})

test('a pcap keeps a packet longer than the snap length it began with', async () => {
  const options = { littleEndian: true, nanosecond: true } as const
  const record = (length: number) =>
    formatPcap([{ seconds: 1, nanoseconds: 2, data: Buffer.alloc(length), originalLength: length }], options).subarray(
      24,
    )
  const start = formatPcap([], { ...options, snapLength: 8, linkType: 0x2400_0001 })
  const pieces = [Buffer.concat([start, record(8)]), record(9)]
  const { summary, bytes } = await capture(pieces, { format: 'pcap' })
  expect(summary.error).toBeUndefined()
  expect(bytes).toEqual(Buffer.concat(pieces))
})

test('a stream with more than 100 descriptions of its packets fails, and the packets before are kept', async () => {
  const kinds = Array.from({ length: 102 }, (_, i) => little.interface(i + 1))
  const packets = kinds.map((_, i) => packet(i, `${i}`))
  const { summary, bytes } = await capture([Buffer.concat([little.section(), ...kinds, ...packets])])
  expect([summary.packets, summary.error?.code]).toEqual([100, 'corrupt-capture'])
  expect(summary.error?.message).toContain('its packets have more than 100 different descriptions')
  expect(textsOf(bytes)).toHaveLength(100)
})

test('a stream that ends in its first block is reported with the byte where it ends', async () => {
  const attempt = capture([little.section().subarray(0, 17)])
  await expect(attempt).rejects.toThrow('its stream ended at byte 17, before its header was whole')
})
