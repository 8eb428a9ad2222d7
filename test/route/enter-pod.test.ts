import { expect, test } from 'vitest'
import type { PodTarget } from '../../src/base/target.ts'
import { enterPod } from '../../src/route/enter-pod.ts'

const uid = '3f6e0c52-3a5b-4e0c-9d55-0a8c9f6b1d11'
const pod = { namespace: 'shop', pod: 'orders', kind: 'pod', cgroupUid: uid, addresses: ['10.1.2.3'] } as const

test('a pod is found by its UID and known by its addresses', () => {
  expect(enterPod(pod as unknown as PodTarget)).toEqual({ kind: 'pod', uid, addresses: ['10.1.2.3'] })
})

test.each([
  ['UID', { cgroupUid: undefined }],
  ['address', { addresses: [] }],
])("a pod without %s is 'pod-not-on-node', before anything is started", (what, more) => {
  expect(() => enterPod({ ...pod, ...more } as unknown as PodTarget)).toThrow(
    expect.objectContaining({
      code: 'pod-not-on-node',
      exitCode: 3,
      message: `cannot capture "shop/orders" from its node: the API server says no ${what} for it`,
      hints: ['--via exec, --via ephemeral'],
    }),
  )
})
