import yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { formatGrant, type Grant, type Rule } from '../../src/kube/grant.ts'
import type { RbacObject } from '../support/read-grant.ts'

const pods: Rule = { namespace: 'shop', apiGroup: '', resource: 'pods', verbs: ['get', 'list'] }
const read = (grant: Partial<Grant>) =>
  yaml.loadAll(formatGrant({ user: 'ann', purpose: 'web:exec', rules: [pods], ...grant })) as RbacObject[]

test('a grant is a Role and its RoleBinding for each namespace, and ClusterRoles for the whole cluster', () => {
  const nodes: Rule = { namespace: undefined, apiGroup: '', resource: 'nodes', verbs: ['get'] }
  const objects = read({ rules: [pods, nodes, { ...pods, resource: 'pods/exec' }] })
  expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
    ['Role', 'shop'],
    ['RoleBinding', 'shop'],
    ['ClusterRole', undefined],
    ['ClusterRoleBinding', undefined],
  ])
  expect(objects[0]?.rules?.map(({ resources }) => resources)).toEqual([['pods'], ['pods/exec']])
})

test('a service account is bound as one, and every other user by the name', () => {
  const [, account] = read({ user: 'system:serviceaccount:ci:runner' })
  expect(account?.subjects).toEqual([{ kind: 'ServiceAccount', namespace: 'ci', name: 'runner' }])
  const [, user] = read({ user: 'ann@corp.example' })
  expect(user?.subjects).toMatchObject([{ kind: 'User', name: 'ann@corp.example' }])
})

test('users whose names differ only in what a name leaves out get different Roles', () => {
  const [one, other] = [read({ user: 'ann/a' })[0], read({ user: 'ann%a' })[0]]
  expect(one?.metadata.name).toMatch(/^kcap:ann-a:web:exec-[0-9a-f]{8}$/)
  expect(other?.metadata.name).toMatch(/^kcap:ann-a:web:exec-[0-9a-f]{8}$/)
  expect(one?.metadata.name).not.toBe(other?.metadata.name)
})

test('a user name with quotes and line breaks stays one YAML text', () => {
  const user = 'ann"\nkind: Evil'
  const [role, binding, ...more] = read({ user })
  expect(more).toEqual([])
  expect([role?.kind, binding?.kind]).toEqual(['Role', 'RoleBinding'])
  expect(binding?.subjects?.[0]?.name).toBe(user)
})
