import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import type { OwnStream } from '../remote/supervisor-script.ts'
import type { Route } from './route.ts'

/** Kube exec in a container of the pod. Leaves nothing behind. */
export function makeExecRoute(target: PodTarget, access: ClusterAccess): Route {
  const { namespace, pod, container } = target
  return {
    via: 'exec',
    description: `kube exec in container "${container}" (context ${access.context})`,
    start: (argv, signal) => openExecChannel(access, { namespace, pod, container, argv, signal }),
    ownStream: findOwnStream(target, access),
    close: async () => {},
  }
}

/** A pod on the node's own network sees what kcap and the API server say to each other. */
export function findOwnStream({ hostNetwork }: PodTarget, { server }: ClusterAccess): OwnStream {
  if (!hostNetwork) return { kind: 'elsewhere' }
  return { kind: 'host', apiAddress: { host: server.hostname, port: Number(server.port || 443) } }
}
