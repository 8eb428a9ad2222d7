import { expect, test } from 'vitest'
import { KcapError } from '../../src/base/kcap-error.ts'
import type { PodTarget, SshTarget } from '../../src/base/target.ts'
import { withTargetHints } from '../../src/capture/target-hints.ts'

const pod: PodTarget = {
  kind: 'pod',
  cluster: {},
  context: 'shop@lab',
  namespace: 'shop',
  pod: 'orders-6c9f',
  uid: 'u',
  cgroupUid: undefined,
  isStatic: false,
  container: 'api',
  containerId: 'containerd://1',
  node: 'worker-1',
  addresses: ['10.244.0.7'],
  hostNetwork: false,
}
const ssh = (more: Partial<SshTarget['name']> = {}): SshTarget => ({
  kind: 'ssh',
  name: { kind: 'ssh', host: 'node', sudo: 'none', ...more },
})
const error = new KcapError('no-shell', 'cannot capture in "shop/orders-6c9f"', { hints: ['first'] })

test.each([
  ['a pod', pod, 'kubectl --context shop@lab exec -n shop orders-6c9f -c api -- tcpdump --version'],
  [
    'a hostile context',
    { ...pod, context: 'a b' },
    "kubectl --context 'a b' exec -n shop orders-6c9f -c api -- tcpdump --version",
  ],
  ['a host', ssh({ user: 'root', port: 2222 }), 'ssh -p 2222 root@node tcpdump --version'],
  ['a host of an ssh config', ssh({ sshConfigPath: '/my config' }), "ssh -F '/my config' node tcpdump --version"],
])('what %s prints instead of a capture can be seen by hand', (_what, target, line) => {
  const text = new KcapError('not-a-capture', 'cannot read packets', { hints: ['first'] })
  expect((withTargetHints(text, target) as KcapError).hints).toEqual(['first', `see what it prints: ${line}`])
})

test('other errors stay as they are', () => {
  const filter = new KcapError('bad-filter', 'cannot use the capture filter')
  expect(withTargetHints(filter, pod)).toBe(filter)
  expect(withTargetHints(error, ssh())).toBe(error)
  expect(withTargetHints('stopped', pod)).toBe('stopped')
})
