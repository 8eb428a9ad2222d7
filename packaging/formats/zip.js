import { crc32, deflateRawSync } from 'node:zlib'
import { sortEntries } from './entry.js'

/** 2020-01-01 00:00 in MS-DOS format. */
const dosTime = 0
const dosDate = ((2020 - 1980) << 9) | (1 << 5) | 1

const deflated = 8
/** Names are UTF-8. */
const flags = 0x800
const needs = 20
/** Attributes are Unix modes. */
const madeBy = (3 << 8) | needs

/**
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3. Makes a zip archive: each file after its own header, then the directory.
 * @param {readonly import('./entry.js').Entry[]} entries
 */
export function formatZip(entries) {
  /** @type {Buffer[]} */
  const parts = []
  /** @type {Buffer[]} */
  const directory = []
  let offset = 0
  for (const { name, content, isProgram } of sortEntries(entries)) {
    const nameBytes = Buffer.from(name)
    const packed = deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(needs, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(deflated, 4)
    common.writeUInt16LE(dosTime, 6)
    common.writeUInt16LE(dosDate, 8)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const local = [Buffer.from('PK\x03\x04'), common, nameBytes, packed]

    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((0o100_000 | (isProgram ? 0o755 : 0o644)) * 0x1_0000, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([madeBy & 255, madeBy >> 8]), common, rest, nameBytes)
    parts.push(...local)
    offset += local.reduce((total, part) => total + part.length, 0)
  }
  const directoryBytes = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directoryBytes.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, directoryBytes, end])
}
