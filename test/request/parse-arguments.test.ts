import { expect, test } from 'vitest'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { parseDuration, parseSize } from '../../src/request/parse-quantity.ts'

test.each(['--__proto__', '--constructor', '--toString=1', '--no-constructor', '--no-port', '--=x', '--==', '---x'])(
  'the command line has no option %s',
  (word) => {
    expect(() => parseArguments([word])).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `cannot use "${word.replace(/(?<=--.+)=.*/, '')}": there is no such option`,
      }),
    )
  },
)

test('words after -- are no options, whatever they look like', () => {
  expect(parseArguments(['--', '--constructor']).words).toEqual(['--constructor'])
})

test('the name of a built-in property is no unit', () => {
  expect(() => parseDuration('duration', '1constructor')).toThrow(expect.objectContaining({ code: 'usage' }))
  expect(() => parseSize('max-size', '1constructor')).toThrow(expect.objectContaining({ code: 'usage' }))
})

test('a size that no number holds is refused', () => {
  expect(() => parseSize('max-size', '9'.repeat(400))).toThrow(expect.objectContaining({ code: 'usage' }))
})

test('several letters in one word are options, the last of them with its value', () => {
  const parsed = parseArguments(['-qctcp port 443', '-i=eth0', '-o', '-'])
  expect([parsed.flag('quiet'), parsed.text('container'), parsed.text('output'), parsed.words]).toEqual([
    true, 'tcp port 443', '-', [],
  ]) // biome-ignore format: a table of values
  expect(() => parseArguments(['-qX'])).toThrow('cannot use "-X": there is no such option')
})

test('a long word is accepted or refused at once', () => {
  const digits = '65536'.repeat(20_000)
  expect(() => parseArguments([`-9${digits}`])).toThrow('cannot use "-9": there is no such option')
  expect(parseArguments([`-c${digits}x`]).text('container')).toBe(`${digits}x`)
})
