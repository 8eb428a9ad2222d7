import type { PodTarget } from '../../src/base/target.ts'

/** A running pod as a target: `shop/web` unless a test names another. */
export function makePodTarget(more: Partial<PodTarget> = {}): PodTarget {
  return {
    kind: 'pod',
    cluster: {},
    context: 'c',
    namespace: 'shop',
    pod: 'web',
    uid: 'uid-1',
    cgroupUid: undefined,
    isStatic: false,
    container: 'api',
    containerId: 'c-1',
    node: 'node-1',
    addresses: [],
    hostNetwork: false,
    ...more,
  }
}
