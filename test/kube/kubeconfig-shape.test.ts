import { expect, test } from 'vitest'
import { flagShape, listShape, mapShape, objectShape, textShape } from '../../src/kube/kubeconfig-shape.ts'

const user = objectShape({ token: textShape, groups: listShape(textShape), extra: mapShape(listShape(textShape)) })

test('a value of the right types has no misfit, and unknown fields may hold anything', () => {
  expect(user({ token: 't', groups: ['a'], extra: { scopes: ['x'] }, more: 5 })).toBeUndefined()
})

test.each([
  [{ token: 5 }, ['token'], 'is not a text'],
  [{ groups: 'a' }, ['groups'], 'is not a list'],
  [{ groups: ['a', null] }, ['groups', '1'], 'is not a text'],
  [{ extra: { scopes: 'x' } }, ['extra', 'scopes'], 'is not a list'],
  [[], [], 'is not a map'],
])('the first misfit of %j is at %j: %s', (value, keys, state) => {
  expect(user(value)).toEqual({ keys, state })
})

test('a text is no flag, not even "true"', () => {
  expect([flagShape(true), flagShape('true')]).toEqual([undefined, { keys: [], state: 'is neither true nor false' }])
})
