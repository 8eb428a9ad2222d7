import fc from 'fast-check'
import { expect } from 'vitest'
import { makeReportReader } from '../../src/remote/capture-report.ts'
import { checkGrammar } from '../../src/remote/filter-grammar.ts'
import { cut } from '../support/pcapng-blocks.ts'
import { fuzz } from './fuzz.ts'
import { places } from './hostile-bytes.ts'
import { damagedText } from './hostile-text.ts'

const reports = [
  'kcap: using tcpdump -i any -U -w -\nkcap: clock 1700000000.123456789\nkcap: alive\ntcpdump: listening on any, link-type LINUX_SLL2\n',
  '12 packets captured\n13 packets received by filter\n1 packet dropped by kernel\nkcap: ended 0\n',
  "Packets received/dropped on interface 'any': 12/3 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (80.0%)\nFile: -\n",
  'kcap: missing tcpdump\nkcap: no-pod\nkcap: uncompressed gzip\nsh: tcpdump: not found\n',
]
const reportWords = ['Packets received/dropped on interface : 1/1 ', 'listening on ', ': ', 'kcap: ', '9'.repeat(400)]

fuzz(
  'reports of the supervisor: the same however they are cut, of bounded length',
  fc.tuple(damagedText(reports, reportWords), places),
  ([text, at]) => {
    const bytes = Buffer.from(text)
    const read = (chunks: readonly Buffer[]) => {
      const reader = makeReportReader()
      return [...chunks.flatMap((chunk) => [...reader.push(chunk)]), ...reader.end()]
    }
    const whole = read([bytes])
    for (const report of whole) expect(JSON.stringify(report).length).toBeLessThan(30_000)
    expect(read(cut(bytes, at))).toEqual(whole)
  },
)

const filters = [
  'tcp port 443 and host 10.0.0.5',
  '(port 80 or 443) and not (src net 10.0.0.0/8 or dst host ::1)',
  'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and ip[2:2] > 40 + len * 2',
  'ether host 00:11:22:33:44:55 and vlan 5 and mpls and portrange 1-1024',
  'icmp6 or arp or ip proto 47 or less 64 or greater 1500 or ether proto 0x0800',
  'src or dst host 1.2.3.4 and not udp port 53',
]
const filterWords = [
  'and', 'or', 'not ', '(', ')', ' port ', 'host ', 'net ', '[', ']', ' & ', ' << 33 ', '/', '0x', '1.2.3.4', '::', '::1', 'tcp', 'len',
  'a-', '.', '-', '+', ' = ', ' 7 ', '\\', 'ip6[0]', 'tcp[13]', ' or 1', '((', '!', '00:11:22:33:44:55', ' and not (', '1.', ':',
] // biome-ignore format: a table of words
const manyWords = fc
  .tuple(
    fc.constantFrom(...filterWords, 'port 1 or ', 'not not ', 'tcp[0] + ', 'len - (', '(1 or ', 'tcp and '),
    fc.integer({ min: 2, max: 20_000 }),
  )
  .map(([text, count]) => text.repeat(count).slice(0, 100_000))

fuzz(
  'capture filters: a verdict in time',
  fc.oneof(
    { weight: 20, arbitrary: damagedText(filters, filterWords) },
    {
      weight: 10,
      arbitrary: fc.array(fc.constantFrom(...filterWords), { maxLength: 30 }).map((words) => words.join('')),
    },
    { weight: 1, arbitrary: manyWords },
  ),
  (text) => {
    expect(['valid', 'invalid', 'unable']).toContain(checkGrammar(text).kind)
  },
)
