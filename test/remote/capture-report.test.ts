import { expect, test } from 'vitest'
import { makeReportReader } from '../../src/remote/capture-report.ts'

test('reports are read from among what tcpdump prints, however it is cut', () => {
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
])('the clock %s', (text, report) => {
  expect([...makeReportReader().push(Buffer.from(`kcap-report: clock ${text}\n`))]).toEqual([report])
})

test('an endless line is kept no longer than 4 KiB', () => {
  const reader = makeReportReader()
  for (let i = 0; i < 100; i++) expect([...reader.push(Buffer.alloc(10_000, 'x'))]).toEqual([])
  expect([...reader.push(Buffer.from('\n'))]).toEqual([{ kind: 'text', text: 'x'.repeat(4096) }])
})
