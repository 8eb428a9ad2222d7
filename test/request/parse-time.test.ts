import { expect, test } from 'vitest'
import { parseTime } from '../../src/request/parse-time.ts'

const nowMs = new Date('2026-11-30T21:00:00').getTime()

test.each([
  ['2026-11-30T21:05:00Z', Date.UTC(2026, 10, 30, 21, 5)],
  ['2026-11-30T21:05:00.5+02:00', Date.UTC(2026, 10, 30, 19, 5, 0, 500)],
  ['2026-11-30 21:05', new Date('2026-11-30T21:05').getTime()],
  ['20:05', new Date('2026-11-30T20:05').getTime()],
  ['20:05:30', new Date('2026-11-30T20:05:30').getTime()],
  ['21:05', new Date('2026-11-29T21:05').getTime()],
])('%s is a point in time', (text, timeMs) => {
  expect(parseTime('from', text, nowMs)).toBe(timeMs)
})

test.each(['', 'now', '10m', '25:00', '21:60', '2026-13-01', '2026-11-30T21', '1796076736'])(
  '"%s" is refused',
  (text) => {
    expect(() => parseTime('from', text, nowMs)).toThrow(`cannot use --from "${text}": it is no time`)
  },
)
