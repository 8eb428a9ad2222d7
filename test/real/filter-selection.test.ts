import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { packetRow } from '../../src/base/packet.ts'
import { podEnvironment } from '../../src/demo/filter/compile-filter.ts'
import type { FilterEnvironment } from '../../src/filter/environment.ts'
import { readFilter } from '../../src/filter/read-filter.ts'
import { makePcapReader } from '../../src/packets/pcap-reader.ts'
import { filterRows } from '../filter/filter-table.ts'
import { hasPrograms } from '../support/has-program.ts'
import { makeTempFolder } from '../support/temp-folder.ts'
import { filterExpressions } from './filter-expressions.ts'
import { type PreparedFile, prepareFiles } from './prepared-files.ts'
import { type Selection, selectPackets } from './select-packets.ts'

const tcpdumpTest = hasPrograms('tcpdump') || process.env.KCAP_REQUIRE_REAL === '1' ? test : test.skip

let folder: string
beforeAll(async () => {
  folder = await makeTempFolder()
})

/** A file has no directions, and tcpdump has no netmask for it. */
const environments: Readonly<Record<string, FilterEnvironment>> = {
  EN10MB: { ...podEnvironment('ethernet'), isLive: false, netmask: 0 },
  LINUX_SLL2: { ...podEnvironment('cooked'), isLive: false, netmask: 0 },
}
const files = prepareFiles().filter(({ linkType }) => linkType in environments)

/** Returns what kcap's reading of a filter selects; `unknown` for a filter that it leaves open. */
function select(frames: readonly Uint8Array[], filter: string, environment: FilterEnvironment): Selection | 'unknown' {
  const reading = readFilter(filter, environment)
  if (reading.kind === 'refused') return undefined
  if (reading.kind === 'unknown') return 'unknown'
  const passes = (frame: Uint8Array) =>
    reading.kind === 'empty' || reading.test.passes({ frame, length: frame.length }) === true
  return new Set(frames.flatMap((frame, index) => (passes(frame) ? [index + 1] : [])))
}

function readFrames({ pcap }: PreparedFile): Uint8Array[] {
  return makePcapReader('x')
    .push(pcap)
    .flatMap(({ count, rows, bytes }) =>
      Array.from({ length: count }, (_, i) => {
        const row = i * packetRow.length
        const offset = rows[row + packetRow.offset] ?? 0
        return bytes.subarray(offset, offset + (rows[row + packetRow.capturedLength] ?? 0))
      }),
    )
}

const oneOf = (...words: string[]) => fc.constantFrom(...words)
/** Terms that read no byte beyond a packet's end: there, the order counts in which libpcap's optimizer puts the terms. */
const primitive = oneOf(
  ...[
    'tcp',
    'udp port 22',
    'host 10.9.0.5',
    'net fd09::/16',
    'src port 50022',
    'icmp6',
    'arp',
    'ip[8] = 64',
    'len > 90',
  ],
  ...['tcp[13] & 2 != 0', 'ip6 multicast', 'less 100', 'ip6[6] = 6', 'not port 443', 'proto 17', 'ip proto 51', 'stp'],
  ...[
    'ip[6:2] & 0x1fff != 0',
    'ip6 protochain 6',
    'tcp[tcp[12] / 16 * 4 - 20] != 0',
    'dst net 10.9.0.0/24',
    'mpls',
    'pppoes',
  ],
)
const onEthernet = oneOf(
  'vlan',
  'vlan 5',
  'mpls 100',
  'ether multicast',
  'ether src 2:0:0:0:0:2',
  'llc',
  'ether[12:2] < 9',
)
const join = oneOf('and', 'or', 'and not', 'or not')

describe.each(files.map((file) => [file.linkType, file] as const))('on %s', (linkType, file) => {
  const environment = environments[linkType] ?? {}
  const frames = readFrames(file)

  /** Returns the filters by which tcpdump selects other packets than kcap's reading does. */
  const findDifferences = async (filters: readonly string[]): Promise<object[]> => {
    const theirs = await selectPackets(folder, file, filters)
    return filters.flatMap((filter): object[] => {
      const [tcpdump, kcap] = [theirs.get(filter), select(frames, filter, environment)]
      if (tcpdump === undefined || !(kcap instanceof Set)) return tcpdump === kcap ? [] : [{ filter, tcpdump, kcap }]
      const onlyIn = (one: ReadonlySet<number>, other: ReadonlySet<number>) =>
        file.packets.filter((_, i) => one.has(i + 1) && !other.has(i + 1)).map(({ name }) => name)
      const differences = { filter, onlyTcpdump: onlyIn(tcpdump, kcap), onlyKcap: onlyIn(kcap, tcpdump) }
      return differences.onlyTcpdump.length + differences.onlyKcap.length === 0 ? [] : [differences]
    })
  }

  tcpdumpTest('each filter selects the packets that tcpdump selects', { timeout: 120_000 }, async () => {
    const filters = [...new Set([...filterExpressions, ...filterRows.map(({ filter }) => filter)])]
    expect(filters.length).toBeGreaterThan(500)
    expect(await findDifferences(filters.filter((filter) => filter !== ''))).toEqual([])
  })

  tcpdumpTest('terms joined at random select the packets that tcpdump selects', { timeout: 120_000 }, async () => {
    const term = linkType === 'EN10MB' ? fc.oneof(primitive, onEthernet) : primitive.filter((text) => text !== 'mpls')
    const joined = fc
      .tuple(term, fc.array(fc.tuple(join, term), { minLength: 1, maxLength: 3 }))
      .map(([first, others]) => [first, ...others.flat()].join(' '))
    const filters = fc.sample(joined, { seed: 20_240_501, numRuns: 400 })
    expect(await findDifferences([...new Set(filters)])).toEqual([])
  })
})
