import { expect, test } from 'vitest'
import { explainConnectFailure } from '../../src/kube/connect-failure.ts'

test.each([
  ['ECONNREFUSED', 'connection', 'nothing listens there (connection refused)'],
  ['ENOTFOUND', 'connection', 'its name is not known'],
  ['CERT_HAS_EXPIRED', 'certificate', 'its certificate has expired'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'authority',
    'its certificate is signed by nobody the kubeconfig trusts (SELF_SIGNED_CERT_IN_CHAIN)',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'authority',
    'its certificate is signed by nobody the kubeconfig trusts (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
  ],
])('%s is a failure of the %s: %s', (code, kind, state) => {
  expect(explainConnectFailure(Object.assign(new Error('x'), { code }))).toEqual({ kind, state })
})

test('an error of an unknown code is a failure of the connection in its own words', () => {
  expect(explainConnectFailure(new Error('socket hang up'))).toEqual({ kind: 'connection', state: 'socket hang up' })
})
