/** An independent reading of what the demo writes: straight from the RFCs, sharing no code with the generator. */
export interface ReadPacket {
  readonly timeNs: bigint
  readonly originalLength: number
  readonly frame: Buffer
}

export function readPcap(bytes: Buffer): {
  magic: number
  linkType: number
  snapLength: number
  packets: ReadPacket[]
  rest: number
} {
  const packets: ReadPacket[] = []
  const magic = bytes.readUInt32LE(0)
  const unit = magic === 0xa1b23c4d ? 1n : 1000n
  let at = 24
  while (at + 16 <= bytes.length) {
    const captured = bytes.readUInt32LE(at + 8)
    if (at + 16 + captured > bytes.length) break
    const timeNs = BigInt(bytes.readUInt32LE(at)) * 1_000_000_000n + BigInt(bytes.readUInt32LE(at + 4)) * unit
    packets.push({
      timeNs,
      originalLength: bytes.readUInt32LE(at + 12),
      frame: bytes.subarray(at + 16, at + 16 + captured),
    })
    at += 16 + captured
  }
  return {
    magic,
    linkType: bytes.readUInt32LE(20),
    snapLength: bytes.readUInt32LE(16),
    packets,
    rest: bytes.length - at,
  }
}

export interface Decoded {
  readonly etherType: number
  readonly ip: Buffer
  readonly protocol: number
  readonly source: string
  readonly destination: string
  readonly transport: Buffer
}

/** Cuts an SLL2 (276) or Ethernet (1) frame. */
export function decode(linkType: number, frame: Buffer): Decoded {
  const headerLength = linkType === 276 ? 20 : 14
  const etherType = frame.readUInt16BE(linkType === 276 ? 0 : 12)
  const ip = frame.subarray(headerLength)
  if (etherType !== 0x0800)
    return { etherType, ip, protocol: -1, source: '', destination: '', transport: Buffer.alloc(0) }
  const total = ip.readUInt16BE(2)
  const text = (at: number) => [...ip.subarray(at, at + 4)].join('.')
  return {
    etherType,
    ip: ip.subarray(0, total),
    protocol: ip[9] as number,
    source: text(12),
    destination: text(16),
    transport: ip.subarray(20, total),
  }
}

/** Computes the checksum of RFC 1071 without optimisation, in 16-bit steps with end-around carry; 0 when the checksum inside is right. */
export function onesComplement(...parts: readonly Buffer[]): number {
  const all = Buffer.concat(parts)
  let sum = 0
  for (let i = 0; i < all.length; i += 2) {
    sum += (all[i] as number) * 256 + (all[i + 1] ?? 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return 0xffff - sum
}

export function pseudoHeader(decoded: Decoded): Buffer {
  const header = Buffer.alloc(12)
  decoded.ip.copy(header, 0, 12, 20)
  header[9] = decoded.protocol
  header.writeUInt16BE(decoded.transport.length, 10)
  return header
}
