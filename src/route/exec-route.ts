import { lookup } from 'node:dns/promises'
import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import { listApiEndpoints } from '../kube/kube-objects.ts'
import type { ApiAddress, OwnStream } from '../remote/supervised-argv.ts'
import type { Route } from './route.ts'

/** Opens a route through kube exec in a container of the pod. Leaves nothing behind. */
export async function openExecRoute(target: PodTarget, access: ClusterAccess, signal: AbortSignal): Promise<Route> {
  const { namespace, pod, container } = target
  return {
    via: 'exec',
    description: `kube exec in container "${container}" (context ${access.context})`,
    start: (argv, startSignal) => openExecChannel(access, { namespace, pod, container, argv, signal: startSignal }),
    network: { kind: 'here' },
    ownStream: await findOwnStream(target, access, signal),
    sudo: 'none',
    close: async () => {},
  }
}

/** Returns how to recognize kcap's own stream. A pod on the node's own network sees the traffic between kcap and the API server. */
export async function findOwnStream(
  { hostNetwork }: PodTarget,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<OwnStream> {
  return hostNetwork ? await findNodeStream(access, signal) : { kind: 'elsewhere' }
}

/** Port on which the API server of most clusters listens. */
const usualApiPort = 6443

/**
 * Returns how to recognize kcap's own stream on a node: by the API server's address for the user, and by those it listens on, perhaps behind a load
 * balancer.
 */
export async function findNodeStream(access: ClusterAccess, signal: AbortSignal): Promise<OwnStream> {
  const { hostname, port, protocol } = access.server
  const [named, known] = await Promise.all([
    // The remote host may have no name service, and a name that it can't resolve would make the filter wrong.
    lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => []),
    listApiEndpoints(access, signal).catch(() => []),
  ])
  const namedPort = Number(port || (protocol === 'http:' ? 80 : 443))
  const addresses: ApiAddress[] = [
    ...named.map(({ address }) => ({ host: address, port: namedPort })),
    ...(known.length > 0 ? known : [{ port: usualApiPort }]),
  ]
  const unique = new Map(addresses.map((address) => [`${address.host}:${address.port}`, address]))
  return { kind: 'host', apiAddresses: [...unique.values()] }
}
