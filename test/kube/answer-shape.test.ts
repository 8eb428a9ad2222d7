import { expect, test } from 'vitest'
import { beginningOf, integer, listOf, mapOf, object, only, text, textUpTo } from '../../src/kube/answer-shape.ts'

test('text admits strings alone, and none with half a surrogate', () => {
  expect(['web', 5, null, '\ud83d', '\u{1f600}'].map(text)).toEqual([
    'web',
    undefined,
    undefined,
    undefined,
    '\u{1f600}',
  ])
})

test('a name that is too long counts as missing, and a message that is too long is cut', () => {
  expect([textUpTo(3)('web'), textUpTo(3)('webs')]).toEqual(['web', undefined])
  expect(beginningOf(3)('webs')).toBe('web')
})

test('an integer outside its bounds counts as missing', () => {
  expect([0, 1, 5, 6, 1.5, '3'].map(integer(1, 5))).toEqual([undefined, 1, 5, undefined, undefined, undefined])
})

test('a list keeps the elements that fit, among the first it may have', () => {
  expect(listOf(text)(['a', 5, 'b'])).toEqual(['a', 'b'])
  expect(listOf(text, 2)(['a', 5, 'b'])).toEqual(['a'])
  expect(listOf(text)({ 0: 'a' })).toBeUndefined()
})

test('a map keeps the values that fit, and counts as missing when it has too many', () => {
  expect(mapOf(text, 2)({ app: 'web', tier: 5 })).toEqual({ app: 'web' })
  expect(mapOf(text, 1)({ app: 'web', tier: 'x' })).toBeUndefined()
})

test('object changes its value in place, while only copies the fields that are read', () => {
  const value = { name: 'web', uid: 5, other: [1] }
  const fields = { name: text, uid: text }
  expect(only(fields)(value)).toEqual({ name: 'web' })
  expect(object(fields)(value)).toBe(value)
  expect(value).toEqual({ name: 'web', other: [1] })
})

test('an object without a field that it needs counts as missing', () => {
  expect([object({ name: text }, 'name')({ name: 5 }), only({ name: text }, 'name')({})]).toEqual([
    undefined,
    undefined,
  ])
})
