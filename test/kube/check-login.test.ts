import { expect, test } from 'vitest'
import { findLoginFault, interactiveModeOf } from '../../src/kube/check-login.ts'
import type { ClusterEntry, UserEntry } from '../../src/kube/kubeconfig-entries.ts'
import { parseServerAddress } from '../../src/kube/server-address.ts'

function find(user: UserEntry, cluster: ClusterEntry = {}, server = 'https://api.shop') {
  const address = parseServerAddress(server)
  if (address === undefined) throw new Error(`"${server}" is no address`)
  return findLoginFault(cluster, user, address)
}
const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: 'login', interactiveMode: 'Never' }

test.each<[UserEntry]>([
  [{ token: 't' }],
  [{ username: 'ann', password: 'p' }],
  [{ 'client-certificate-data': 'x', 'client-key': '/key' }],
  [{ exec: plugin }],
])('the user %j has no fault', (user) => {
  expect(find(user)).toBeUndefined()
})

test.each<[UserEntry, string]>([
  [{}, 'it has no user with credentials'],
  [{ token: 't', password: 'p' }, 'its user has both a token and a user name or password'],
  [{ 'client-certificate': '/c' }, 'its user has a client certificate without a key'],
  [{ token: 't', 'as-groups': ['devs'] }, 'its user has as-uid, as-groups or as-user-extra without "as"'],
  [{ exec: { ...plugin, command: '' } }, 'its exec plugin has no command'],
  [
    { exec: { ...plugin, interactiveMode: 'Sometimes' } },
    'its exec plugin has the unknown interactiveMode "Sometimes"',
  ],
  [{ exec: plugin, 'auth-provider': { name: 'oidc' } }, 'its user has both an exec plugin and an auth-provider'],
])('the user %j has a fault: %s', (user, fault) => {
  expect(find(user)).toBe(fault)
})

test('a cluster with an authority cannot leave it unchecked, unless its server is plain http', () => {
  const cluster = { 'certificate-authority': '/ca', 'insecure-skip-tls-verify': true }
  expect(find({ token: 't' }, cluster)).toMatch(/^its cluster has a certificate authority and insecure-skip-tls-verify/)
  expect(find({}, cluster, 'http://api.shop')).toBeUndefined()
})

test('credentials in the URL of a server do not count', () => {
  expect(find({}, {}, 'https://ann:p@api.shop')).toBe(
    'it has no user with credentials, only those in the URL of its server',
  )
})

test('only v1 wants an interactiveMode to be written down', () => {
  const modeOf = (version: string) => interactiveModeOf({ apiVersion: `client.authentication.k8s.io/${version}` })
  expect([modeOf('v1'), modeOf('v1beta1')]).toEqual([undefined, 'IfAvailable'])
})
