import { describe, expect, test } from 'vitest'
import { formatProgress, formatSummary } from '../../src/cli/report.ts'
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
  upload: undefined,
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
  readers: [],
  error: undefined,
})
const end = [
  '2,500 packets, 50.0 kB written to orders.pcapng in 20.4 s (duration reached)',
  'open with: wireshark orders.pcapng',
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

test('packets dropped by the kernel are reported with a remedy', () => {
  expect(formatSummary(summary([source('a', { dropped: 12 })]))[0]).toBe(
    'a: 1,250 packets, 24.0 kB, 12 DROPPED by the kernel there: a narrower filter or --snaplen 128 helps',
  )
  expect(formatSummary(summary([source('a', { dropped: 12 }), source('b', { dropped: 3 })]))[3]).toBe(
    '15 packets DROPPED by the kernel there: a narrower filter or --snaplen 128 helps',
  )
})

describe('formatProgress', () => {
  const progress = (sources: readonly SourceFigures[]) => ({
    outputName: 'orders.pcapng',
    elapsedMs: () => 12_000,
    sources: () => sources,
    packets: () => sources.reduce((sum, { packets }) => sum + packets, 0),
  })
  const uploading = (name: string, takenBytes: number) =>
    source(name, { state: 'starting', packets: 0, bytes: 0, upload: { takenBytes, totalBytes: 3_100_000 } })

  test('shows how much of an upload has arrived', () => {
    expect(formatProgress(progress([uploading('shop/orders', 1_234_567)]), 0)).toBe(
      '00:12  uploading tcpdump to "shop/orders": 1.2 of 3.1 MB',
    )
  })

  test('sums up the uploads to several targets', () => {
    const sources = [uploading('shop/a', 1_000_000), uploading('shop/b', 500_000), uploading('shop/c', 0)]
    expect(formatProgress(progress(sources), 0)).toBe('00:12  uploading tcpdump to 3 targets: 1.5 of 9.3 MB')
  })

  test('shows how much of the recordings has been read, and how long the rest takes', () => {
    const reading = (readBytes: number, state: SourceFigures['state']) =>
      source('record/orders-7f3a@node-1', { state, read: { readBytes, totalBytes: 30_000_000 } })
    expect(formatProgress(progress([reading(10_000_000, 'capturing'), reading(5_000_000, 'ended')]), 7)).toBe(
      '00:12  2,500 packets  48.0 kB  7/s  15.0 MB of 35.0 MB read, 16 s left',
    )
  })

  test('shows an upload next to the captures of others', () => {
    const sources = [source('shop/a', { state: 'capturing' }), uploading('shop/b', 500_000)]
    expect(formatProgress(progress(sources), 7)).toBe(
      '00:12  1,250 packets  24.0 kB  7/s  uploading tcpdump to "shop/b": 0.5 of 3.1 MB',
    )
  })
})
