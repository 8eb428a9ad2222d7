import type { InterfacePackets } from '../../src/packets/packet-runs.ts'
import { makePcapngReader } from '../../src/packets/pcapng-reader.ts'
import { type PlainPacket, toPackets } from './packets.ts'

type Part = Buffer | { readonly u16: readonly number[] } | { readonly u32: readonly number[] }

/** Blocks of a pcapng in either byte order, written independently of the program's own writer. */
export function makeBlockFormat(littleEndian: boolean) {
  const toBytes = (part: Part): Buffer => {
    if (Buffer.isBuffer(part)) return part
    const [values, size] = 'u16' in part ? [part.u16, 2] : [part.u32, 4]
    const bytes = Buffer.alloc(values.length * size)
    for (const [i, value] of values.entries())
      littleEndian ? bytes.writeUIntLE(value, i * size, size) : bytes.writeUIntBE(value, i * size, size)
    return bytes
  }
  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
  const block = (type: number, ...parts: readonly Part[]): Buffer => {
    const body = pad(Buffer.concat(parts.map(toBytes)))
    const length = { u32: [body.length + 12] }
    return Buffer.concat([toBytes({ u32: [type] }), toBytes(length), body, toBytes(length)])
  }
  const ticksOf = (ticks: bigint) => [Number(ticks >> 32n), Number(ticks & 0xffff_ffffn)]
  return {
    block,
    option: (code: number, value: Part): Buffer => {
      const bytes = toBytes(value)
      return Buffer.concat([toBytes({ u16: [code, bytes.length] }), pad(bytes)])
    },
    /** A 64-bit number, as in a counter or `if_tsoffset`. */
    long: (value: bigint): Buffer => {
      const bytes = Buffer.alloc(8)
      littleEndian ? bytes.writeBigInt64LE(value) : bytes.writeBigInt64BE(value)
      return bytes
    },
    section: (version = [1, 0], magic = 0x1a2b3c4d) =>
      block(0x0a0d0d0a, { u32: [magic] }, { u16: version }, Buffer.alloc(8, 0xff)),
    interface: (linkType = 1, snapLength = 262_144, ...options: readonly Buffer[]) =>
      block(1, { u16: [linkType, 0] }, { u32: [snapLength] }, ...options),
    enhanced: (id: number, ticks: bigint, data: Buffer, originalLength = data.length, ...options: readonly Buffer[]) =>
      block(6, { u32: [id, ...ticksOf(ticks), data.length, originalLength] }, pad(data), ...options),
    obsolete: (id: number, drops: number, ticks: bigint, data: Buffer) =>
      block(2, { u16: [id, drops] }, { u32: [...ticksOf(ticks), data.length, data.length] }, data),
    simple: (data: Buffer, originalLength = data.length) => block(3, { u32: [originalLength] }, data),
    statistics: (id: number, ...options: readonly Buffer[]) => block(5, { u32: [id, 0, 0] }, ...options),
  }
}

/** Pieces of `bytes`, cut at the given places. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}

export function readPcapng(chunks: readonly Buffer[]) {
  const reader = makePcapngReader('shop/orders')
  const packets = chunks.flatMap((chunk) => toInterfacePackets(reader.push(chunk)))
  return { reader, packets }
}

export function toInterfacePackets(runs: readonly InterfacePackets[]): (PlainPacket & { interfaceId: number })[] {
  return runs.flatMap(({ interfaceId, batch }) => toPackets([batch]).map((packet) => ({ interfaceId, ...packet })))
}
