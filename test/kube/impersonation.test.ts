import { expect, test } from 'vitest'
import { actAs } from '../../src/kube/impersonation.ts'
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
