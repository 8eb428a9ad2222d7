import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import type { Route } from './route.ts'

/** Kube exec in a container of the pod. Leaves nothing behind. */
export function makeExecRoute(target: PodTarget, access: ClusterAccess): Route {
  const { namespace, pod, container } = target
  const apiPort = Number(access.server.port || 443)
  return {
    via: 'exec',
    description: `kube exec in container "${container}" (context ${access.context})`,
    start: (argv, signal) => openExecChannel(access, { namespace, pod, container, argv, signal }),
    ownStream: target.hostNetwork
      ? { kind: 'host', apiAddress: { host: access.server.hostname, port: apiPort } }
      : { kind: 'elsewhere' },
    close: async () => {},
  }
}
