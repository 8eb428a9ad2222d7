import { expect, test } from 'vitest'
import { printable, printableJson, printableLines } from '../../src/base/printable.ts'

test('JSON has no character that a terminal obeys, and says the same', () => {
  const value = { name: 'a\x9b31m\x7f\u202e\u{e0001}\x1b[2J' }
  expect(printableJson(value)).toBe('{"name":"a\\u009b31m\\u007f\\u202e\\udb40\\udc01\\u001b[2J"}')
  expect(JSON.parse(printableJson(value, 2))).toEqual(value)
})

test('of a text of several lines the line ends stay', () => {
  expect(printableLines('a\x1b\nb')).toBe(`${printable('a\x1b')}\nb`)
})
