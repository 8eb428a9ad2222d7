import { type PacketBatch, type PacketRun, packetRow } from '../../src/base/packet.ts'

export interface PlainPacket {
  readonly seconds: number
  readonly nanoseconds: number
  readonly data: Buffer
  readonly originalLength: number
}

/** A batch of packets; the upper part of their seconds is that of the first. */
export function makeBatch(packets: readonly PlainPacket[]): PacketBatch {
  const bytes = Buffer.concat(packets.map(({ data }) => data))
  let offset = 0
  const rows = packets.flatMap(({ seconds, nanoseconds, data, originalLength }) => {
    offset += data.length
    return [seconds % 2 ** 32, nanoseconds, offset - data.length, data.length, originalLength]
  })
  const batch = { bytes, count: packets.length, rows: Uint32Array.from(rows), capturedBytes: bytes.length }
  const upperSeconds = Math.floor((packets[0]?.seconds ?? 0) / 2 ** 32)
  return upperSeconds === 0 ? batch : { ...batch, upperSeconds }
}

/** A run of packets of one interface, each with a byte of data at second 1 unless a test says how long they are. */
export function makeRun(count: number, { interfaceId = 0, length = 1 } = {}): PacketRun {
  const packet = { seconds: 1, nanoseconds: 0, data: Buffer.alloc(length), originalLength: length }
  return { interfaceId, batch: makeBatch(Array(count).fill(packet)), from: 0, to: count }
}

export function toPackets(batches: readonly PacketBatch[]): PlainPacket[] {
  return batches.flatMap(({ bytes, count, rows, upperSeconds = 0 }) =>
    Array.from({ length: count }, (_, i) => {
      const word = (name: keyof typeof packetRow) => rows[i * packetRow.length + packetRow[name]] as number
      return {
        seconds: upperSeconds * 2 ** 32 + word('seconds'),
        nanoseconds: word('nanoseconds'),
        data: Buffer.from(bytes.subarray(word('offset'), word('offset') + word('capturedLength'))),
        originalLength: word('originalLength'),
      }
    }),
  )
}

/** A pcap written independently of the program's own writer. */
export function formatPcap(
  packets: readonly PlainPacket[],
  options: {
    littleEndian: boolean
    nanosecond: boolean
    /** The whole word, with its upper bits. */
    linkType?: number
    snapLength?: number
    version?: readonly [number, number]
    /** Whether the original length comes before the captured one, as before version 2.3. */
    swapsLengths?: boolean
  },
): Buffer {
  const { littleEndian, nanosecond } = options
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4)
    for (const [i, value] of values.entries())
      littleEndian ? bytes.writeUInt32LE(value, i * 4) : bytes.writeUInt32BE(value, i * 4)
    return bytes
  }
  const [major, minor] = options.version ?? [2, 4]
  const header = [
    words(nanosecond ? 0xa1b23c4d : 0xa1b2c3d4, littleEndian ? (minor << 16) | major : (major << 16) | minor),
    words(0, 0, options.snapLength ?? 262144, options.linkType ?? 1),
  ]
  const records = packets.flatMap(({ seconds, nanoseconds, data, originalLength }) => [
    words(
      seconds,
      nanosecond ? nanoseconds : Math.floor(nanoseconds / 1000),
      ...(options.swapsLengths === true ? [originalLength, data.length] : [data.length, originalLength]),
    ),
    data,
  ])
  return Buffer.concat([...header, ...records])
}

export interface PlainBlock {
  readonly type: number
  readonly body: Buffer
  /** Returns the options after a body of the given length. */
  options(bodyLength: number): Map<number, Buffer[]>
}

/** Blocks of a little-endian pcapng, read independently of the program's own writer; throws on a frame that is not whole. */
export function parseBlocks(bytes: Buffer): PlainBlock[] {
  const blocks: PlainBlock[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4)
    if (length % 4 !== 0 || at + length > bytes.length) throw new Error(`broken block at byte ${at}`)
    if (bytes.readUInt32LE(at + length - 4) !== length) throw new Error(`trailing length differs at byte ${at}`)
    const body = bytes.subarray(at + 8, at + length - 4)
    blocks.push({
      type: bytes.readUInt32LE(at),
      body,
      options: (bodyLength) => parseOptions(body.subarray(bodyLength)),
    })
    at += length
  }
  return blocks
}

function parseOptions(bytes: Buffer): Map<number, Buffer[]> {
  const options = new Map<number, Buffer[]>()
  for (let at = 0; at < bytes.length; ) {
    const code = bytes.readUInt16LE(at)
    const length = bytes.readUInt16LE(at + 2)
    if (code === 0) break
    options.set(code, [...(options.get(code) ?? []), bytes.subarray(at + 4, at + 4 + length)])
    at += 4 + ((length + 3) & ~3)
  }
  return options
}

const enhancedPacketBlock = 6

/** Returns the number of packets in a pcapng. */
export function countPackets(pcapng: Buffer): number {
  return parseBlocks(pcapng).filter(({ type }) => type === enhancedPacketBlock).length
}
