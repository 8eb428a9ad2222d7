import { isIP } from 'node:net'
import type { AddressName } from '../base/address-name.ts'
import { blockTypes, formatBlock, padded } from './pcapng-block.ts'

/** Record types of a name resolution block (draft §4.5). */
export const recordTypes = { end: 0, ipv4: 1, ipv6: 2 } as const
const maxNameBytes = 255

/**
 * Formats a name resolution block, which readers apply to the packets after it. Leaves out invalid addresses; returns undefined when none is left.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html#section-4.5
 */
export function formatNameResolution(names: readonly AddressName[]): Buffer | undefined {
  const records = names.flatMap(({ address, name }) => {
    const bytes = parseAddress(address)
    if (bytes === undefined) return []
    const type = bytes.length === 4 ? recordTypes.ipv4 : recordTypes.ipv6
    const value = Buffer.concat([bytes, Buffer.from(`${name.slice(0, maxNameBytes)}\0`)])
    return [formatRecord(type, value)]
  })
  if (records.length === 0) return undefined
  return formatBlock(blockTypes.nameResolution, Buffer.concat([...records, Buffer.alloc(4)]), [])
}

function formatRecord(type: number, value: Buffer): Buffer {
  const record = Buffer.alloc(4 + padded(value.length))
  record.writeUInt16LE(type, 0)
  record.writeUInt16LE(value.length, 2)
  value.copy(record, 4)
  return record
}

function parseAddress(address: string): Buffer | undefined {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  if (isIP(address) !== 6) return undefined
  // The URL parser writes every IPv6 address in the form of RFC 5952, without a dotted end.
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined) => (text ? text.split(':').map((group) => Number.parseInt(group, 16)) : [])
  const [first, last] = [groups(head), groups(tail)]
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
  const bytes = Buffer.alloc(16)
  for (const [i, group] of all.entries()) bytes.writeUInt16BE(group, i * 2)
  return bytes
}
