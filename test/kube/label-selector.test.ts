import { describe, expect, test } from 'vitest'
import { formatLabels, formatSelector } from '../../src/kube/label-selector.ts'

describe('formatSelector()', () => {
  test('writes a selector as the API takes it', () => {
    const matchExpressions = [
      { key: 'tier', operator: 'In', values: ['web', 'api'] },
      { key: 'track', operator: 'NotIn', values: ['canary'] },
      { key: 'team', operator: 'Exists' },
      { key: 'old', operator: 'DoesNotExist' },
    ]
    expect(formatSelector({ matchLabels: { 'app.kubernetes.io/name': 'orders' }, matchExpressions })).toBe(
      'app.kubernetes.io/name=orders,tier in (web,api),track notin (canary),team,!old',
    )
  })

  test.each([
    ['nothing', undefined],
    ['no requirement', {}],
    ['a label that is no text', { matchLabels: { app: 'web', b: 5 } }],
    ['a label with a comma', { matchLabels: { app: 'web,!b' } }],
    ['a key that is too long', { matchLabels: { app: 'web', ['k'.repeat(400)]: '' } }],
    ['101 labels', { matchLabels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, ''])) }],
    ['an operator that is none', { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'a', operator: 'Near' }] }],
    ['a value that is no text', { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', null] }] }],
    ['1,001 values', { matchExpressions: [{ key: 'a', operator: 'In', values: Array(1_001).fill('b') }] }],
    ['expressions that are no list', { matchLabels: { app: 'web' }, matchExpressions: 'x' }],
    ['an expression that is nothing', { matchExpressions: [null] }],
  ])('selects no pods with %s: a part of it would select others', (_, selector) => {
    expect(formatSelector(selector as Parameters<typeof formatSelector>[0])).toBe('')
  })
})

test('labels of a service are a selector, or none', () => {
  expect(formatLabels({ app: 'web', tier: '' })).toBe('app=web,tier=')
  expect(formatLabels({ app: 'web', tier: 'a=b' })).toBe('')
  expect(formatLabels(undefined)).toBe('')
})
