import { expect, test } from 'vitest'
import type { RouteName } from '../../src/base/capture-request.ts'
import { listRouteRights } from '../../src/route/route-rights.ts'

const list = (via: RouteName, nodePodNamespace = 'shop', namespace: string | undefined = 'shop') =>
  listRouteRights(via, { namespace, nodePodNamespace }).map(
    (rule) => `${rule.namespace}: ${rule.verbs.join(',')} ${rule.resource}`,
  )
const find = 'shop: get,list,watch pods'

test.each<[RouteName, string[]]>([
  ['ssh', [find]],
  ['exec', [find, 'shop: get,create pods/exec']],
  ['kubectl', [find, 'shop: get,create pods/exec']],
  ['ephemeral', [find, 'shop: get,create pods/exec', 'shop: patch pods/ephemeralcontainers']],
])('the route %s needs %j', (via, rights) => {
  expect(list(via)).toEqual(rights)
})

test('a node pod in the namespace of the pod takes one rule for both', () => {
  expect(list('node-pod')).toEqual(['shop: get,list,watch,create,delete pods', 'shop: get,create pods/exec'])
})

test('a node pod elsewhere takes the rights of exec there, and those to find the pod here', () => {
  expect(list('node-pod', 'debug')).toEqual([
    find,
    'debug: get,list,watch,create,delete pods',
    'debug: get,create pods/exec',
  ])
})
