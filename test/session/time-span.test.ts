import { expect, test } from 'vitest'
import { makeTimeSpan } from '../../src/session/time-span.ts'
import { makeBatch } from '../support/packets.ts'

const packet = (seconds: number, nanoseconds: number) => ({
  seconds,
  nanoseconds,
  data: Buffer.alloc(1),
  originalLength: 1,
})

test('a time span has the earliest and the latest time, whatever the order of the packets', () => {
  const span = makeTimeSpan()
  expect([span.firstNs, span.lastNs]).toEqual([undefined, undefined])
  span.note({
    batch: makeBatch([packet(5, 7), packet(5, 3), packet(9, 1), packet(9, 2), packet(1, 0)]),
    from: 0,
    to: 4,
  })
  expect([span.firstNs, span.lastNs]).toEqual([5_000_000_003n, 9_000_000_002n])
  span.note({ batch: makeBatch([packet(5_000_000_000, 999_999_999)]), from: 0, to: 1 })
  expect(span.lastNs).toBe(5_000_000_000_999_999_999n)
})
