import { expect, test } from 'vitest'
import { findSelectorFault } from '../../src/kube/check-selector.ts'
import { goodSelectors, wrongSelectors } from '../support/selectors.ts'

// What an API server says of the same ones is asked in test/real/selectors.test.ts.

test.each(goodSelectors)('findSelectorFault() takes "%s"', (selector) => {
  expect(findSelectorFault(selector)).toBeUndefined()
})

test.each(Object.entries(wrongSelectors))('findSelectorFault() refuses "%s": %s', (selector, fault) => {
  expect(findSelectorFault(selector)).toBe(fault)
})
