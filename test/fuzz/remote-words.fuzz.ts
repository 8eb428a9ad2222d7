import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect } from 'vitest'
import { parseInterfaces } from '../../src/capture/list-interfaces.ts'
import { startSupervised } from '../../src/capture/supervised-program.ts'
import { judgeFilter } from '../../src/filter/judge.ts'
import { makeReportReader } from '../../src/remote/capture-report.ts'
import { parseLeftovers } from '../../src/remote/cleanup-script.ts'
import { parseProbe } from '../../src/remote/probe-script.ts'
import { parseUploadAnswer } from '../../src/remote/upload-script.ts'
import { cut } from '../support/pcapng-blocks.ts'
import { fuzz } from './fuzz.ts'
import { places } from './hostile-bytes.ts'
import { damagedText, hostileText } from './hostile-text.ts'

const reports = [
  'kcap-report: using tcpdump -i any -U -w -\nkcap-report: clock 1700000000.123456789\nkcap-report: alive\ntcpdump: listening on any, link-type LINUX_SLL2\n',
  '12 packets captured\n13 packets received by filter\n1 packet dropped by kernel\nkcap-report: ended 0\n',
  "Packets received/dropped on interface 'any': 12/3 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (80.0%)\nFile: -\n",
  'kcap-report: missing tcpdump\nkcap-report: no-pod\nkcap-report: other-pod\nkcap-report: uncompressed gzip\nsh: tcpdump: not found\n',
]
const reportWords = [
  'Packets received/dropped on interface : 1/1 ', 'listening on ', ': ', 'kcap-report: ', '9'.repeat(26), '9'.repeat(400),
  'ended 256\n', 'missing $(id)\n', 'clock 9e9\n', '9999999999999999 packets captured\n',
] // biome-ignore format: a table of words

fuzz(
  'reports of the supervisor: the same however they are cut, and each of bounded values',
  fc.tuple(damagedText(reports, reportWords), places),
  ([text, at]) => {
    const bytes = Buffer.from(text)
    const read = (chunks: readonly Buffer[]) => {
      const reader = makeReportReader()
      return [...chunks.flatMap((chunk) => [...reader.push(chunk)]), ...reader.end()]
    }
    const whole = read([bytes])
    for (const report of whole) {
      expect(JSON.stringify(report).length).toBeLessThan(30_000)
      if (report.kind === 'counter' && report.count !== undefined) expect(Number.isSafeInteger(report.count)).toBe(true)
      if (report.kind === 'ended') expect(report.code).toBeLessThanOrEqual(255)
      if (report.kind === 'clock') expect(new Date(report.timeMs).getTime()).toBe(Math.trunc(report.timeMs))
      if (report.kind === 'missing' || report.kind === 'uncompressed') expect(report.program).toMatch(/^[\w./+-]+$/)
    }
    expect(read(cut(bytes, at))).toEqual(whole)
  },
)

fuzz(
  'a hostile supervised program: what it has said stays small, and it is let go once',
  fc.array(damagedText(reports, reportWords), { maxLength: 5 }),
  async (texts) => {
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const exited = Promise.resolve({ kind: 'exited' as const, code: 0 })
    const remote = { stdout, stderr, stdin, exited, kill: () => {} }
    const program = await startSupervised(async () => remote, ['sh'], new AbortController().signal)
    for (const text of texts) stderr.write(text)
    stderr.end()
    await program.ended
    const { said } = program
    expect(JSON.stringify(said).length).toBeLessThan(51 * 4_096 * 6)
    for (const count of Object.values(said.counters))
      if (count !== undefined) expect(Number.isSafeInteger(count)).toBe(true)
    expect(['', 'r\n']).toContain(String(stdin.read() ?? ''))
  },
)

const answers = [
  'program tcpdump\nprogram sudo\nuser 1000\ncapabilities 0000000000003000\nsudo yes\nmachine x86_64\ntime 1700000000.5\n',
  '1.eth0 [Up, Running, Connected]\n2.any (Pseudo-device that captures on all interfaces) [Up, Running]\n3.bluetooth-monitor\n',
  'process 12 tcpdump 0f-1\nsuspect 13 tcpdump \nfile /tmp/kcap-tcpdump-00\n',
  'ready\ntaken\nwhole /tmp/kcap-tcpdump-00 4294967295 300000\nfailed writing into /tmp failed\n',
]
const answerWords = [
  '9'.repeat(26),
  'process ',
  'file /',
  'user ',
  'time ',
  'capabilities ',
  '4.',
  ' [',
  '../',
  'whole /',
  'failed ',
]
fuzz(
  'what tools on the remote side print: facts of bounded values',
  fc.oneof(damagedText(answers, answerWords), hostileText),
  (text) => {
    const { userId, machine, timeMs } = parseProbe(text)
    if (userId !== undefined) expect(Number.isSafeInteger(userId)).toBe(true)
    if (timeMs !== undefined) expect(Number.isFinite(timeMs)).toBe(true)
    if (machine !== undefined) expect(machine.length).toBeLessThanOrEqual(32)
    const interfaces = parseInterfaces(text)
    expect(interfaces.length).toBeLessThanOrEqual(1_000)
    for (const { name, state } of interfaces) expect(Math.max(name.length, state.length)).toBeLessThanOrEqual(64)
    for (const leftover of parseLeftovers(text)) {
      if (leftover.kind !== 'file') expect(Number.isSafeInteger(leftover.pid)).toBe(true)
      else expect(leftover.path.length).toBeLessThanOrEqual(201)
    }
    for (const line of text.split('\n')) {
      const answer = parseUploadAnswer(line)
      if (answer?.kind === 'whole') expect(answer.path).toMatch(/^\/[\w./-]{1,200}$/)
      if (answer?.kind === 'failed') expect(answer.reason.length).toBeLessThanOrEqual(1_000)
    }
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
    expect(['valid', 'invalid', 'unable']).toContain(judgeFilter(text, {}).kind)
  },
)
