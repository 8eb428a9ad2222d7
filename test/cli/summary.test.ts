import { expect, test } from 'vitest'
import { formatSummary } from '../../src/cli/report.ts'
import type { SessionSummary, SourceFigures } from '../../src/session/session-progress.ts'

const source = (name: string, more: Partial<SourceFigures> = {}): SourceFigures => ({
  name,
  state: 'ended',
  packets: 1_250,
  bytes: 24_000,
  captured: 1_250,
  received: 1_250,
  dropped: 0,
  joinedMs: 0,
  gaps: 0,
  error: undefined,
  ...more,
})
const summary = (sources: readonly SourceFigures[]): SessionSummary => ({
  outputName: 'orders.pcapng',
  files: ['orders.pcapng'],
  endedBy: 'duration',
  sources,
  packets: 2_500,
  savedPackets: 2_500,
  outputBytes: 50_000,
  elapsedMs: 20_400,
  error: undefined,
})
const end = [
  '2,500 packets, 50.0 kB written to orders.pcapng in 20.4 s (the duration is over)',
  'look at it: wireshark orders.pcapng',
]

test('one source is one line', () => {
  expect(formatSummary(summary([source('prod/orders-6c9f')]))).toEqual([
    'prod/orders-6c9f: 1,250 packets, 24.0 kB, none dropped',
    ...end,
  ])
})

test('several are a table with drops, joins and gaps', () => {
  const sources = [
    source('prod/a', { gaps: 2 }),
    source('prod/orders-x2x7', { dropped: undefined, joinedMs: 6_120, packets: 7 }),
  ]
  expect(formatSummary(summary(sources))).toEqual([
    'target            packets    bytes  dropped  joined  gaps',
    'prod/a              1,250  24.0 kB        0   start     2',
    'prod/orders-x2x7        7  24.0 kB  unknown   6.1 s     0',
    ...end,
  ])
})

test('what the kernel dropped is said with what helps', () => {
  expect(formatSummary(summary([source('a', { dropped: 12 })]))[0]).toBe(
    'a: 1,250 packets, 24.0 kB, 12 DROPPED by the kernel there: a narrower filter or --snaplen 128 helps',
  )
  expect(formatSummary(summary([source('a', { dropped: 12 }), source('b', { dropped: 3 })]))[3]).toBe(
    '15 packets DROPPED by the kernel there: a narrower filter or --snaplen 128 helps',
  )
})
