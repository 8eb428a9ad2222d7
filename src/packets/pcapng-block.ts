/** Block types and option codes. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §11.1, §3.5 */
export const blockTypes = {
  sectionHeader: 0x0a0d0d0a,
  interfaceDescription: 1,
  /** Written by old programs. */
  obsoletePacket: 2,
  simplePacket: 3,
  nameResolution: 4,
  interfaceStatistics: 5,
  enhancedPacket: 6,
  decryptionSecrets: 10,
} as const

export const optionCodes = {
  endOfOptions: 0,
  comment: 1,
  sectionHardware: 2,
  sectionOs: 3,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  interfaceTimestampResolution: 9,
  interfaceFilter: 11,
  interfaceFcsLength: 13,
  interfaceTimestampOffset: 14,
  statisticsStartTime: 2,
  statisticsEndTime: 3,
  statisticsReceived: 4,
  statisticsDropped: 5,
  statisticsFilterAccepted: 6,
  statisticsDelivered: 8,
} as const

export interface PcapngOption {
  readonly code: number
  readonly value: Buffer
}

/** Maximum length of an option value, whose length has 16 bits; a longer text is cut at the end of a character. */
const maxOptionLength = 65_535

export function makeTextOption(code: number, text: string): PcapngOption {
  let value = Buffer.from(text, 'utf8')
  if (value.length > maxOptionLength) {
    let end = maxOptionLength
    while (((value[end] ?? 0) & 0xc0) === 0x80) end--
    value = value.subarray(0, end)
  }
  return { code, value }
}

/** Makes an option with a 64-bit counter. */
export function makeCountOption(code: number, count: number | bigint): PcapngOption {
  const value = Buffer.alloc(8)
  value.writeBigUInt64LE(BigInt(count))
  return { code, value }
}

/** Makes an option with a time in nanoseconds: upper 32 bits first, then the lower ones (draft §4.6), unlike a 64-bit counter. */
export function makeTimestampOption(code: number, tsNs: bigint): PcapngOption {
  const value = Buffer.alloc(8)
  value.writeUInt32LE(Number(tsNs >> 32n), 0)
  value.writeUInt32LE(Number(tsNs & 0xffff_ffffn), 4)
  return { code, value }
}

/** Formats one whole block: type, length, body, options, padding and the length again. */
export function formatBlock(type: number, body: Buffer, options: readonly PcapngOption[]): Buffer {
  const optionBytes = formatOptions(options)
  const bodyLength = padded(body.length)
  const length = 12 + bodyLength + optionBytes.length
  const block = Buffer.alloc(length)
  block.writeUInt32LE(type, 0)
  block.writeUInt32LE(length, 4)
  body.copy(block, 8)
  optionBytes.copy(block, 8 + bodyLength)
  block.writeUInt32LE(length, length - 4)
  return block
}

/** Formats options, followed by the end of options; returns no bytes when there are none. */
export function formatOptions(options: readonly PcapngOption[]): Buffer {
  if (options.length === 0) return Buffer.alloc(0)
  const bytes = Buffer.alloc(options.reduce((sum, { value }) => sum + 4 + padded(value.length), 4))
  let at = 0
  for (const { code, value } of options) {
    bytes.writeUInt16LE(code, at)
    bytes.writeUInt16LE(value.length, at + 2)
    value.copy(bytes, at + 4)
    at += 4 + padded(value.length)
  }
  return bytes
}

/** Returns a length with its padding: blocks and options are multiples of 32 bits. */
export function padded(length: number): number {
  return (length + 3) & ~3
}
