import { expect, test } from 'vitest'
import { actAs, lacksImpersonatedUser, makeImpersonationHeaders } from '../../src/kube/impersonation.ts'
import { readClusterScope } from '../../src/request/cluster-scope.ts'
import { makeClusterScope } from '../../src/request/make-request.ts'
import { parseArguments } from '../../src/request/parse-arguments.ts'

const read = (...argv: string[]) => makeClusterScope(parseArguments(argv, { environment: {} })).actAs

test('--as, --as-group and --as-uid each count before the kubeconfig', () => {
  const user = { as: 'jane', 'as-groups': ['x'], 'as-uid': '1', 'as-user-extra': { a: ['b'] } }
  expect(actAs(user, read())).toBe(user)
  expect(actAs(user, read('--as', 'ann'))).toEqual({ ...user, as: 'ann' })
  expect(actAs(user, read('--as-group=a', '--as-group', 'b'))).toEqual({ ...user, 'as-groups': ['a', 'b'] })
  expect(actAs(user, read('--as-uid', '2'))).toEqual({ ...user, 'as-uid': '2' })
})

test('lines to paste act as the same user', () => {
  const argv = ['shop/db-0', '--as', 'ann', '--as-group', 'a', '--as-group=b', '--as-uid=7']
  expect(readClusterScope(argv, {}).impersonation).toEqual(['--as=ann', '--as-uid=7', '--as-group=a', '--as-group=b'])
  expect(readClusterScope(['list'], { KCAP_AS: 'ann' }).impersonation).toEqual(['--as=ann'])
  expect(readClusterScope(['--', '--as', 'ann'], {}).impersonation).toEqual([])
})

test('each part of the impersonation is a header, with other bytes than those of a header name escaped', () => {
  const user = {
    as: 'jane',
    'as-uid': '7',
    'as-groups': ['devs', 'ops'],
    'as-user-extra': { 'acme.example/scopes': ['a'], 'Acme.example/Scopes': ['b'], größe: ['ü'], none: [] },
  }
  expect(makeImpersonationHeaders(user)).toEqual({
    'Impersonate-User': 'jane',
    'Impersonate-Uid': '7',
    'Impersonate-Group': ['devs', 'ops'],
    'Impersonate-Extra-acme.example%2fscopes': ['a', 'b'],
    'Impersonate-Extra-gr%c3%b6%c3%9fe': ['\u00c3\u00bc'],
  })
  expect(makeImpersonationHeaders({ 'as-groups': ['devs'] })).toEqual({})
})

test('groups, a uid or extras need a user to impersonate', () => {
  expect(
    [{ 'as-groups': ['a'] }, { 'as-uid': '1' }, { 'as-user-extra': { a: ['b'] } }].map(lacksImpersonatedUser),
  ).toEqual([true, true, true])
  expect([{}, { as: 'jane', 'as-uid': '1' }].map(lacksImpersonatedUser)).toEqual([false, false])
})
