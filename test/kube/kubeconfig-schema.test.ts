import yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { kubeconfigSchema } from '../../src/kube/kubeconfig-schema.ts'

const load = (text: string) => yaml.load(text, { schema: kubeconfigSchema })

test.each(['y', 'Yes', 'on', 'ON', 'true'])('a plain %s is true', (word) => {
  expect(load(word)).toBe(true)
})

test.each(['n', 'NO', 'off', 'False'])('a plain %s is false', (word) => {
  expect(load(word)).toBe(false)
})

test('what is quoted, a date, or a word in other capitals is text', () => {
  expect(load('["yes", 2024-01-01, yEs]')).toEqual(['yes', '2024-01-01', 'yEs'])
})

test('a merge key takes the fields of another map', () => {
  expect(load('{ base: &b { a: 1 }, more: { <<: *b, c: 2 } }')).toEqual({ base: { a: 1 }, more: { a: 1, c: 2 } })
})
