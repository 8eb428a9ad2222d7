import { expect, test } from 'vitest'
import type { Via } from '../../src/base/capture-request.ts'
import { parseArguments, readChoice } from '../../src/request/parse-arguments.ts'

test('TypeScript rejects a misspelt option', () => {
  const parsed = parseArguments(['--duration', '5'])
  // @ts-expect-error: there is no such option
  expect(parsed.text('durration')).toBe(undefined)
  // @ts-expect-error: an option of a command that was not asked for
  expect(parsed.text('rate')).toBe(undefined)
  const demo = parseArguments(['--rate', '5'], { more: [{ name: 'rate', kind: 'text' }] })
  expect(demo.text('rate')).toBe('5')
})

test('an option with a few values has the type of its values', () => {
  const via: Via | undefined = readChoice(parseArguments(['--via', 'node-pod']), 'via')
  expect(via).toBe('node-pod')
  // @ts-expect-error: it is none of them
  const other: 'exec' | undefined = readChoice(parseArguments([]), 'via')
  expect(other).toBe(undefined)
})
