import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { startKubectlExec } from '../kube/kubectl-process.ts'
import { findOwnStream } from './exec-route.ts'
import type { Route } from './route.ts'

// Tested by test/route/auto.test.ts.

/** Opens a route through the user's own kubectl, for clusters that accept only its login or its protocol. Leaves nothing behind. */
export async function openKubectlRoute(target: PodTarget, access: ClusterAccess, signal: AbortSignal): Promise<Route> {
  const { namespace, pod, container, cluster } = target
  return {
    via: 'kubectl',
    description: `kubectl exec in container "${container}" (context ${access.context})`,
    start: (argv, startSignal) =>
      startKubectlExec(access, cluster, { namespace, pod, container, argv, signal: startSignal }),
    network: { kind: 'here' },
    ownStream: await findOwnStream(target, access, signal),
    sudo: 'none',
    close: async () => {},
  }
}
