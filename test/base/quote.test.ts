import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quote, quoteArgv } from '../../src/base/quote.ts'
import { anyCharacter } from '../support/any-character.ts'

test('a real sh prints 10,000 random quoted strings unchanged', () => {
  const nasty = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...`'"\\$\`!#&|;()<>*?[]{}~ \t\n=-%aé😀`), maxLength: 40 }),
  )
  const words = fc.sample(nasty, 10_000).map((word) => word.replaceAll('\0', ''))
  // printf '%s\0' gives each word back, whatever it holds; in parts, because an argv has its limit.
  for (let start = 0; start < words.length; start += 500) {
    const part = words.slice(start, start + 500)
    const out = execFileSync('sh', ['-c', `printf '%s\\0' ${part.map(quote).join(' ')}`], { maxBuffer: 1e8 })
    expect(out.toString('utf8').split('\0').slice(0, -1)).toEqual(
      part.map((word) => Buffer.from(word).toString('utf8')),
    )
  }
})

test('quote leaves words of harmless characters as they are', () => {
  expect(quoteArgv(['kcap', 'shop/orders-6c9f', '--port=80,443'])).toBe('kcap shop/orders-6c9f --port=80,443')
})

test('quote keeps an empty word', () => {
  expect(quote('')).toBe("''")
})
