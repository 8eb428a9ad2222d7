import { expect, test } from 'vitest'
import { matchesWildcard } from '../../src/base/wildcard.ts'

test.each([
  ['', '', true],
  ['*', '', true],
  ['?', '', false],
  ['web-*', 'web-1', true],
  ['web-*', 'db-1', false],
  ['*-1', 'web-1-1', true],
  ['w?b', 'web', true],
  ['w?b', 'wb', false],
  ['*a*b', 'xaxb', true],
  ['*a*b', 'xaxbx', false],
  ['a.c', 'abc', false],
  ['(a', '(a', true],
])('%s for %s is %s', (pattern, text, expected) => {
  expect(matchesWildcard(pattern, text)).toBe(expected)
})

test('a pattern of many stars is judged at once', () => {
  const startMs = performance.now()
  expect(matchesWildcard(`${'*a'.repeat(100)}b`, 'a'.repeat(2_000))).toBe(false)
  expect(performance.now() - startMs).toBeLessThan(1_000)
})
