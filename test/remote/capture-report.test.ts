import { expect, test } from 'vitest'
import { makeReportReader } from '../../src/remote/capture-report.ts'

test("the report reader finds reports between tcpdump's lines, for any split", () => {
  const text = [
    'kcap-report: using tcpdump -i any -w - port 80',
    'kcap-report: uncompressed gzip',
    'tcpdump: listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes',
    'tcpdump: something else',
    'kcap-report: alive',
    'kcap-report: silent',
    '1 packet captured',
    '3 packets received by filter',
    '2 packets dropped by kernel',
    'kcap-report: ended 0',
    '',
  ].join('\n')
  for (const size of [1, 7, 1000]) {
    const reader = makeReportReader()
    const reports = (text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).flatMap((part) => [
      ...reader.push(Buffer.from(part)),
    ])
    expect([...reports, ...reader.end()]).toEqual([
      { kind: 'using', command: 'tcpdump -i any -w - port 80' },
      { kind: 'uncompressed', program: 'gzip' },
      { kind: 'listening' },
      { kind: 'text', text: 'tcpdump: something else' },
      { kind: 'alive' },
      { kind: 'silent' },
      { kind: 'counter', counter: 'captured', count: 1 },
      { kind: 'counter', counter: 'received', count: 3 },
      { kind: 'counter', counter: 'dropped', count: 2 },
      { kind: 'ended', code: 0 },
    ])
  }
})

test.each([
  ['1764062591.123456789', { kind: 'clock', timeMs: 1764062591123.4568, precisionMs: 0 }],
  ['1764062591.%N', { kind: 'clock', timeMs: 1764062591000, precisionMs: 1000 }],
  ['1764062591.N', { kind: 'clock', timeMs: 1764062591000, precisionMs: 1000 }],
  ['soon', { kind: 'text', text: 'kcap-report: clock soon' }],
  ['253402300799.5', { kind: 'clock', timeMs: 253402300799000, precisionMs: 1000 }],
  ['253402300800.5', { kind: 'text', text: 'kcap-report: clock 253402300800.5' }],
])('the report reader parses the clock %s', (text, report) => {
  expect([...makeReportReader().push(Buffer.from(`kcap-report: clock ${text}\n`))]).toEqual([report])
})

test('the report reader keeps at most 4 KiB of an endless line', () => {
  const reader = makeReportReader()
  for (let i = 0; i < 100; i++) expect([...reader.push(Buffer.alloc(10_000, 'x'))]).toEqual([])
  expect([...reader.push(Buffer.from('\n'))]).toEqual([{ kind: 'text', text: 'x'.repeat(4096) }])
})

test.each([
  ['9007199254740991', 9_007_199_254_740_991],
  ['9007199254740992', undefined],
  ['99999999999999999999999999', undefined],
  ['9'.repeat(4_000), undefined],
])('a report of %s packets is that count, or an unknown number', (digits, count) => {
  const text = [
    `${digits} packets captured`,
    `${digits} packets received by filter`,
    `${digits} packets dropped by kernel`,
    `Packets received/dropped on interface 'any': ${digits.slice(0, 2_000)}/${digits.slice(0, 2_000)} (pcap:0)`,
  ]
  const reports = text.flatMap((line) => [...makeReportReader().push(Buffer.from(`${line}\n`))])
  expect(reports).toEqual(
    ['captured', 'received', 'dropped', 'received', 'dropped'].map((counter) => ({ kind: 'counter', counter, count })),
  )
})

test.each([
  ['ended 255', { kind: 'ended', code: 255 }],
  ['missing tcpdump', { kind: 'missing', program: 'tcpdump' }],
  ['uncompressed gzip', { kind: 'uncompressed', program: 'gzip' }],
  ['missing /tmp/kcap-tcpdump-00ff', { kind: 'missing', program: '/tmp/kcap-tcpdump-00ff' }],
  ['ended 256', undefined],
  ['ended -1', undefined],
  ['ended 0000', undefined],
  [`ended ${'9'.repeat(26)}`, undefined],
  ['missing', undefined],
  ['missing $(id)', undefined],
  [`missing ${'x'.repeat(300)}`, undefined],
  ['uncompressed a b', undefined],
  ['unheard of', undefined],
])('the line %j is a report, or ordinary text', (words, report) => {
  const line = `kcap-report: ${words}`
  expect([...makeReportReader().push(Buffer.from(`${line}\n`))]).toEqual([report ?? { kind: 'text', text: line }])
})
