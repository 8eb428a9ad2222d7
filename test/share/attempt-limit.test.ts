import { expect, test } from 'vitest'
import { makeAttemptLimit } from '../../src/share/attempt-limit.ts'

test('an address is blocked after five failures within a minute, and let in again later', () => {
  let nowMs = 0
  const limit = makeAttemptLimit({ nowMs: () => nowMs })
  for (let i = 0; i < 5; i++) {
    expect(limit.isBlocked('10.0.0.1')).toBe(false)
    limit.fail('10.0.0.1')
    nowMs += 10_000
  }
  expect(limit.isBlocked('10.0.0.1')).toBe(true)
  expect(limit.isBlocked('10.0.0.2')).toBe(false)
  nowMs = 60_000
  expect(limit.isBlocked('10.0.0.1')).toBe(false)
})

test('of very many addresses the oldest are forgotten', () => {
  const limit = makeAttemptLimit({ nowMs: () => 0 })
  for (let i = 0; i < 5; i++) limit.fail('first')
  for (let i = 0; i < 9_999; i++) limit.fail(`address-${i}`)
  expect(limit.isBlocked('first')).toBe(true)
  limit.fail('one more')
  expect(limit.isBlocked('first')).toBe(false)
})
