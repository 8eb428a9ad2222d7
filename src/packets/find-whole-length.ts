import { fileHeaderLength, recordHeaderLength } from './pcap-layout.ts'
import { blockTypes } from './pcapng-block.ts'

/** Maximum length of a block or record; a longer one is damage. */
const maxPartLength = 64 * 1024 * 1024
const windowLength = 1024 * 1024
const minBlockLength = 12

/** Returns `length` bytes from `at`, or fewer at the end of the file. */
export type ReadBytes = (at: number, length: number) => Promise<Buffer>

/**
 * Returns the length of the whole blocks at the beginning of a little-endian pcapng, or of the whole records of a pcap. A program that was killed cuts
 * the last one; a power failure may fill it with zeros. Returns 0 when not even the file's header is whole.
 */
export async function findWholeLength(read: ReadBytes, fileLength: number): Promise<number> {
  const reader = makeWindow(read, fileLength)
  const start = await reader.take(0, 4)
  if (start === undefined) return 0
  return start.readUInt32LE(0) === blockTypes.sectionHeader ? await walkBlocks(reader) : await walkRecords(reader)
}

interface Window {
  /** Returns the bytes from `at`; undefined when the file ends before. */
  take(at: number, length: number): Promise<Buffer | undefined>
  readonly fileLength: number
}

/** Reads large pieces, because most blocks are short. */
function makeWindow(read: ReadBytes, fileLength: number): Window {
  let start = 0
  let bytes: Buffer = Buffer.alloc(0)
  return {
    fileLength,
    async take(at, length) {
      if (at + length > fileLength) return undefined
      if (at < start || at + length > start + bytes.length) {
        bytes = await read(at, windowLength)
        start = at
      }
      const part = bytes.subarray(at - start, at - start + length)
      return part.length < length ? undefined : part
    },
  }
}

async function walkBlocks({ take, fileLength }: Window): Promise<number> {
  let whole = 0
  for (;;) {
    const length = (await take(whole, 8))?.readUInt32LE(4) ?? 0
    const isPossible = length >= minBlockLength && length % 4 === 0 && length <= maxPartLength
    if (!isPossible || whole + length > fileLength) return whole
    if ((await take(whole + length - 4, 4))?.readUInt32LE(0) !== length) return whole
    whole += length
  }
}

async function walkRecords({ take, fileLength }: Window): Promise<number> {
  if (fileLength < fileHeaderLength) return 0
  let whole = fileHeaderLength
  for (;;) {
    const header = await take(whole, recordHeaderLength)
    if (header === undefined) return whole
    const [capturedLength, originalLength] = [header.readUInt32LE(8), header.readUInt32LE(12)]
    const length = recordHeaderLength + capturedLength
    // Zeros would be a record without bytes.
    const isEmpty = originalLength === 0 && header.readUInt32LE(0) === 0
    if (isEmpty || length > maxPartLength || whole + length > fileLength) return whole
    whole += length
  }
}
