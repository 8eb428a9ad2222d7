import { expect, test } from 'vitest'
import { parseArguments } from '../../src/request/parse-arguments.ts'
import { parseDuration, parseSize } from '../../src/request/parse-quantity.ts'

test.each(['--__proto__', '--constructor', '--toString=1', '--no-constructor', '--no-port', '--=x', '--==', '---x'])(
  '%s is no option',
  (word) => {
    expect(() => parseArguments([word])).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `cannot use "${word.replace(/(?<=\w)=.*/, '')}": there is no such option`,
      }),
    )
  },
)

test('what stands after -- is no option, whatever it looks like', () => {
  expect(parseArguments(['--', '--constructor']).words).toEqual(['--constructor'])
})

test('a unit that every object has is none', () => {
  expect(() => parseDuration('duration', '1constructor')).toThrow(expect.objectContaining({ code: 'usage' }))
  expect(() => parseSize('max-size', '1constructor')).toThrow(expect.objectContaining({ code: 'usage' }))
})

test('a size that no number holds is refused', () => {
  expect(() => parseSize('max-size', '9'.repeat(400))).toThrow(expect.objectContaining({ code: 'usage' }))
})
