import { expect } from 'vitest'
import { findSelectorFault } from '../../src/kube/check-selector.ts'
import { openCluster } from '../../src/kube/cluster-access.ts'
import { requestObject } from '../../src/kube/kube-request.ts'
import { goodSelectors, wrongSelectors } from '../support/selectors.ts'
import { lab, realTest } from './lab.ts'

const { signal } = new AbortController()
const words = [
  'app',
  'in',
  'notin',
  '=',
  '==',
  '!=',
  '!',
  ',',
  '(',
  ')',
  '<',
  '>',
  ' ',
  'web',
  '5',
  '-x',
  'a/b',
  'x.y/z',
]

/** Selectors of words in any order, the same ones in each run. */
function* makeSelectors(count: number): Generator<string> {
  let seed = 42
  const draw = (limit: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * limit)
  }
  for (let i = 0; i < count; i++) yield Array.from({ length: 1 + draw(8) }, () => words[draw(words.length)]).join('')
}

realTest('kcap judges label selectors as the API server does', async () => {
  const access = await openCluster({ kubeconfigPaths: [lab.kubeconfig], signal, timeoutMs: 10_000, interactive: false })
  const isTaken = async (selector: string) => {
    const query = new URLSearchParams({ labelSelector: selector, limit: '1' })
    const path = `/api/v1/namespaces/shop/pods?${query}`
    const action = { verb: 'list', resource: 'pods', namespace: 'shop' } as const
    return await requestObject(access, { path, action, signal }).then(
      () => true,
      (error: Error) => (/\(400\)$/.test(error.message) ? false : Promise.reject(error)),
    )
  }
  const differences: string[] = []
  let taken = 0
  for (const selector of [...goodSelectors, ...Object.keys(wrongSelectors), ...makeSelectors(600)]) {
    const theirs = await isTaken(selector)
    taken += Number(theirs)
    if (theirs !== (findSelectorFault(selector) === undefined)) differences.push(`${selector}: ${theirs}`)
  }
  expect(differences).toEqual([])
  expect(taken).toBeGreaterThan(50)
  access.close()
})
