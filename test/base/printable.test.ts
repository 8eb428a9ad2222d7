import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable, printableJson, printableLines } from '../../src/base/printable.ts'
import { anyCharacter } from '../support/any-character.ts'

test.each([
  ['\u001b[2J\u001b]0;title\u0007hello', 'escape sequences'],
  ['a\r\nb\nc\tpd', 'line ends'],
  ['\u009b31mred', 'sequences of one byte'],
  ['\u202eevil\u2066', 'turns of the writing direction'],
])('printable(%j) has no %s', (text) => {
  expect(printable(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
})

test('printable lets no control character through, whatever the text', () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 50 }), (text) => !/\p{Cc}/u.test(printable(text))))
})

test('printable keeps ordinary words', () => {
  expect(printable('prod/orders-6c9f: 12 packets, Кот ü')).toBe('prod/orders-6c9f: 12 packets, Кот ü')
})

test('printable JSON has no character that a terminal obeys, and parses to the same value', () => {
  const value = { name: 'a\x9b31m\x7f\u202e\u{e0001}\x1b[2J' }
  expect(printableJson(value)).toBe('{"name":"a\\u009b31m\\u007f\\u202e\\udb40\\udc01\\u001b[2J"}')
  expect(JSON.parse(printableJson(value, 2))).toEqual(value)
})

test('printable keeps the line ends of a text of several lines', () => {
  expect(printableLines('a\x1b\nb')).toBe(`${printable('a\x1b')}\nb`)
})
