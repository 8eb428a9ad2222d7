import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { startKubectlExec } from '../kube/kubectl-process.ts'
import { findOwnStream } from './exec-route.ts'
import type { Route } from './route.ts'

/** The user's own kubectl runs the program: where its login or its protocol is the only way in. Leaves nothing behind. */
export function makeKubectlRoute(target: PodTarget, access: ClusterAccess): Route {
  const { namespace, pod, container, cluster } = target
  return {
    via: 'kubectl',
    description: `kubectl exec in container "${container}" (context ${access.context})`,
    start: (argv, signal) => startKubectlExec(access, cluster, { namespace, pod, container, argv, signal }),
    ownStream: findOwnStream(target, access),
    close: async () => {},
  }
}
