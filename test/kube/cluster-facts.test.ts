import { expect, test } from 'vitest'
import { getMinorVersion, getNodeSystem, getPodSecurityLevel } from '../../src/kube/cluster-facts.ts'
import { openAnsweringPeer } from '../support/api-peer.ts'

const { signal } = new AbortController()

test.each([
  ['34', 34],
  ['34+', 34],
  ['', undefined],
])('the minor version "%s" is %s', async (minor, version) => {
  const { access } = await openAnsweringPeer({ 'GET /version': { major: '1', minor } })
  expect(await getMinorVersion(access, signal)).toBe(version)
})

test('the pod security level is that of the label, none without it, and unknown where the login may not look', async () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' }
  const { access } = await openAnsweringPeer({
    'GET /api/v1/namespaces/shop': { metadata: { name: 'shop', labels } },
    'GET /api/v1/namespaces/free': { metadata: { name: 'free' } },
  })
  const levels = ['shop', 'free', 'hidden'].map((name) => getPodSecurityLevel(access, name, signal))
  expect(await Promise.all(levels)).toEqual(['baseline', 'none', 'unknown'])
})

test('the system of a node is what its kubelet reports, else that of its label', async () => {
  const labels = { 'kubernetes.io/os': 'windows' }
  const { access } = await openAnsweringPeer({
    'GET /api/v1/nodes/a': { metadata: { name: 'a' }, status: { nodeInfo: { operatingSystem: 'linux' } } },
    'GET /api/v1/nodes/b': { metadata: { name: 'b', labels } },
  })
  const systems = ['a', 'b', 'c'].map((name) => getNodeSystem(access, name, signal))
  expect(await Promise.all(systems)).toEqual(['linux', 'windows', undefined])
})

test('facts that nobody waits for any more reject', async () => {
  const { access } = await openAnsweringPeer({})
  await expect(getMinorVersion(access, AbortSignal.abort('enough'))).rejects.toBe('enough')
})
