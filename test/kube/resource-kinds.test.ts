import { expect, test } from 'vitest'
import { findResourceKind, resourceKinds } from '../../src/kube/resource-kinds.ts'

test.each([
  ['po', 'pod'],
  ['pods', 'pod'],
  ['deployments.apps', 'deploy'],
  ['deploy.v1.apps', 'deploy'],
  ['cj', 'cronjob'],
  ['deployments.batch', undefined],
  ['pods.', undefined],
  ['Pod', undefined],
])('the word "%s" names the kind %s', (word, kind) => {
  expect(findResourceKind(word)).toBe(kind)
})

test('no word names two kinds', () => {
  const words = Object.values(resourceKinds).flatMap<string>(({ names }) => names)
  expect(words.length).toBe(new Set(words).size)
})
