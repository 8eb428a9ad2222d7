import { isIP } from 'node:net'
import type { AddressName } from '../base/address-name.ts'
import { printable } from '../base/printable.ts'
import { isKeyLogLine } from './key-log.ts'
import { blockTypes, optionCodes, padded } from './pcapng-block.ts'
import { recordTypes } from './pcapng-names.ts'
import { readOptionText, visitOptions } from './pcapng-options.ts'
import { tlsKeyLog } from './pcapng-secrets.ts'
import { viewBytes } from './view-bytes.ts'

/** Takes what a shared stream contains in addition to packets, each before the packets that follow it. */
export interface StreamNotes {
  takeNames(names: readonly AddressName[]): void
  /** Takes lines of an NSS key log, newlines included. */
  takeTlsSecrets(lines: string): void
  /** Settles when there is room for more. Never rejects. */
  taken(): Promise<void>
}

/** Maximum length of a block of names or secrets; longer ones are skipped. */
export const maxNotesLength = 16 * 1024 * 1024
/** Maximum length of a packet's options; longer ones are skipped. */
export const maxOptionsLength = 64 * 1024
const maxCommentLength = 4_096
const maxNames = 200_000
/** Maximum length of a name: that of a domain. */
const maxNameLength = 255

/** Hands the names or TLS secrets of a block, without its trailing length, to `notes`. Ignores what is malformed. */
export function readNotes(block: Buffer, littleEndian: boolean, notes: StreamNotes): void {
  const type = littleEndian ? block.readUInt32LE(0) : block.readUInt32BE(0)
  if (type === blockTypes.nameResolution) {
    const names = parseNameResolution(block, littleEndian)
    if (names.length > 0) notes.takeNames(names)
  } else {
    const lines = parseTlsSecrets(block, littleEndian)
    if (lines !== '') notes.takeTlsSecrets(lines)
  }
}

/** Returns the comments in the options of a packet; undefined for none. */
export function readComments(bytes: Buffer, start: number, end: number, littleEndian: boolean): string | undefined {
  const comments: string[] = []
  visitOptions(viewBytes(bytes), start, end, littleEndian, (code, at, length) => {
    const text = code === optionCodes.comment ? readOptionText(bytes, at, length, maxCommentLength) : undefined
    if (text !== undefined) comments.push(text)
  })
  const all = comments.join('\n').slice(0, maxCommentLength)
  return all === '' ? undefined : all.split('\n').map(printable).join('\n')
}

/** https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §4.5 */
function parseNameResolution(block: Buffer, littleEndian: boolean): AddressName[] {
  const view = viewBytes(block)
  const names: AddressName[] = []
  for (let at = 8; at + 4 <= block.length && names.length < maxNames; ) {
    const type = view.getUint16(at, littleEndian)
    const length = view.getUint16(at + 2, littleEndian)
    if (type === recordTypes.end || at + 4 + length > block.length) break
    const addressLength = type === recordTypes.ipv4 ? 4 : type === recordTypes.ipv6 ? 16 : 0
    if (addressLength > 0 && length > addressLength) {
      const address = formatAddress(block.subarray(at + 4, at + 4 + addressLength))
      // An address may have several names, each with a zero byte behind it.
      for (const name of block.toString('utf8', at + 4 + addressLength, at + 4 + length).split('\0'))
        if (name !== '' && name.length <= maxNameLength && isIP(address) !== 0)
          names.push({ address, name: printable(name) })
    }
    at += 4 + padded(length)
  }
  return names
}

function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16)).join(':')
}

/** https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §4.7 */
function parseTlsSecrets(block: Buffer, littleEndian: boolean): string {
  const view = viewBytes(block)
  if (block.length < 16 || view.getUint32(8, littleEndian) !== tlsKeyLog) return ''
  const length = view.getUint32(12, littleEndian)
  if (16 + length > block.length) return ''
  const lines = block.toString('latin1', 16, 16 + length).split('\n')
  return lines
    .map((line) => line.trimEnd())
    .filter(isKeyLogLine)
    .map((line) => `${line}\n`)
    .join('')
}
