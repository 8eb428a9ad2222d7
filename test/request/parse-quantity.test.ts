import { describe, expect, test } from 'vitest'
import { parseDuration, parseShortTime, parseSize } from '../../src/request/parse-quantity.ts'

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]

describe('parseDuration', () => {
  test.each([
    ['60', minute],
    ['1.5', 1.5 * second],
    ['90s', 90 * second],
    ['500ms', 500],
    ['5m', 5 * minute],
    ['1m30s', 90 * second],
    ['1h 15m', 75 * minute],
    ['1H', hour],
    ['1.5h', 1.5 * hour],
    ['2d', 2 * day],
    ['1d12h30m', day + 12.5 * hour],
    ['24d', 24 * day],
  ])('takes %s', (text, expected) => {
    expect(parseDuration('duration', text)).toBe(expected)
  })

  test.each([
    '',
    '0',
    '0s',
    '-5',
    'x',
    's',
    '5x',
    '1m30',
    '1m30x',
    'm30s',
    '1,5h',
    '1h-5m',
    '1e3',
    '1constructor',
    '1..5s',
  ])('refuses "%s" and shows forms', (text) => {
    expect(() => parseDuration('duration', text)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `cannot use --duration "${text}": a time is a number of seconds, or 90s, 1m30s, 2h, 2d`,
        hints: ['--duration 90s', '--duration 1m30s', '--duration 2h'],
      }),
    )
  })

  test.each(['25d', '9'.repeat(400)])('refuses %s, which no timer accepts', (text) => {
    expect(() => parseDuration('rotate-time', text)).toThrow(
      expect.objectContaining({ message: `cannot use --rotate-time "${text}": the longest time is 24d` }),
    )
  })

  test('refuses a long text at once', () => {
    const startMs = performance.now()
    expect(() => parseDuration('duration', `${'1'.repeat(50_000)}${'m1'.repeat(50_000)}!`)).toThrow('a time is')
    expect(performance.now() - startMs).toBeLessThan(1_000)
  })
})

test('parseShortTime accepts no time beyond its limit', () => {
  expect(['0', '200ms', '1s', '1s500ms'].map((text) => parseShortTime('merge-window', text, 2_000))).toEqual([
    0, 200, 1_000, 1_500,
  ])
  expect(() => parseShortTime('merge-window', '3s', 2_000)).toThrow('a time up to 2 s is 0, 200ms, 1s')
})

describe('parseSize', () => {
  test.each([
    ['1000', 1_000],
    ['512b', 512],
    ['10k', 10_000],
    ['10kB', 10_000],
    ['10M', 10_000_000],
    ['10MB', 10_000_000],
    ['10 MB', 10_000_000],
    ['10Mi', 10 * 1024 ** 2],
    ['10MiB', 10 * 1024 ** 2],
    ['64KiB', 65_536],
    ['1.5Gi', 1.5 * 1024 ** 3],
    ['2g', 2e9],
    ['1TiB', 1024 ** 4],
  ])('takes %s', (text, expected) => {
    expect(parseSize('max-size', text)).toBe(expected)
  })

  test.each(['', '0', '0.5', '-1', 'x', 'MB', '10X', '10Mib s', '1M5k', '10bit', '9'.repeat(400)])(
    'refuses "%s" and shows valid forms',
    (text) => {
      expect(() => parseSize('max-size', text)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: `cannot use --max-size "${text}": a size is a number of bytes, or 10k, 100MB, 2GB, 64KiB, 10Mi`,
          hints: ['--max-size 100MB', '--max-size 10Mi'],
        }),
      )
    },
  )
})
