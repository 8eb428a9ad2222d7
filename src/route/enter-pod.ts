import { KcapError } from '../base/kcap-error.ts'
import { formatTarget, type PodTarget } from '../base/target.ts'
import type { RemoteNetwork } from '../remote/supervised-argv.ts'

/**
 * Returns how to find the network of a pod on its node.
 * @throws {KcapError} pod-not-on-node — when the API server does not report the UID and the addresses that identify it
 */
export function enterPod(target: PodTarget): RemoteNetwork {
  const { cgroupUid, addresses } = target
  if (cgroupUid !== undefined && addresses.length > 0) return { kind: 'pod', uid: cgroupUid, addresses }
  const missing = cgroupUid === undefined ? 'UID' : 'address'
  throw new KcapError(
    'pod-not-on-node',
    `cannot capture "${formatTarget(target)}" from its node: the API server says no ${missing} for it`,
    { hints: ['--via exec, --via ephemeral'] },
  )
}
