import { parseIpv4Address } from './ipv4.ts'
import type { Ends, Tap } from './tap.ts'
import { sendDatagram } from './udp-datagram.ts'

/** DNS record types. https://www.rfc-editor.org/rfc/rfc1035 */
const recordTypes = { a: 1, soa: 6, aaaa: 28 } as const
const internetClass = 1
/** Pointer to the name in the question. */
const questionName = Buffer.of(0xc0, 12)

export interface DnsLookup {
  readonly name: string
  readonly type: 'a' | 'aaaa'
  /** Dotted address for A; undefined if the name has no such record. */
  readonly address?: string
  /** Whether the name does not exist at all. */
  readonly isUnknown?: boolean
}

/** Sends a query and its answer in CoreDNS's form: an answer without records contains the zone's SOA. */
export function sendDnsLookup(tap: Tap, ends: Ends, atMs: number, lookup: DnsLookup): void {
  const id = tap.random.integer(0x10000)
  const question = Buffer.concat([formatName(lookup.name), words(recordTypes[lookup.type], internetClass)])
  sendDatagram(tap, ends, 'client', atMs, Buffer.concat([words(id, 0x0100, 1, 0, 0, 0), question]))
  // CoreDNS sets QR, AA, RD and RA; 3 is NXDOMAIN.
  const flags = 0x8580 | (lookup.isUnknown ? 3 : 0)
  const answer =
    lookup.address === undefined
      ? Buffer.concat([words(id, flags, 1, 0, 1, 0), question, formatSoa(lookup.name)])
      : Buffer.concat([words(id, flags, 1, 1, 0, 0), question, formatAddressRecord(lookup.address)])
  sendDatagram(tap, ends, 'server', atMs + 0.4 + tap.random.integer(900) / 1000, answer)
}

function formatAddressRecord(address: string): Buffer {
  const data = Buffer.alloc(4)
  data.writeUInt32BE(parseIpv4Address(address))
  return formatRecord(questionName, recordTypes.a, 30, data)
}

function formatSoa(name: string): Buffer {
  const zone = name.endsWith('.cluster.local') ? 'cluster.local' : 'example.com'
  const data = Buffer.concat([
    formatName(`ns.dns.${zone}`),
    formatName(`hostmaster.${zone}`),
    ...[1_763_800_000, 7200, 1800, 86_400, 30].map((value) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes
    }),
  ])
  return formatRecord(formatName(zone), recordTypes.soa, 30, data)
}

function formatRecord(name: Buffer, type: number, ttlSeconds: number, data: Buffer): Buffer {
  return Buffer.concat([name, words(type, internetClass, 0, ttlSeconds, data.length), data])
}

function formatName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]))
  return Buffer.concat([...labels, Buffer.of(0)])
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 2)
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, i * 2)
  return bytes
}
