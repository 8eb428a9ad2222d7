import type { DebugContainer } from '../base/capture-request.ts'
import type { WriteLog } from '../base/log.ts'
import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openEphemeralContainer } from '../kube/ephemeral-container.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import { makeKeepAliveArgv } from '../remote/keep-alive-script.ts'
import { findOwnStream } from './exec-route.ts'
import type { Route } from './route.ts'

/** Time that an idle container waits for the next captures of the same pod, which can then use it. */
const idleSeconds = 600

export interface DebugRouteOptions {
  readonly debug: DebugContainer
  readonly signal: AbortSignal
  readonly log: WriteLog
}

/**
 * Opens a route through a debug container, which shares the pod's network. The container ends by itself; the pod's spec keeps its name.
 * @throws {KcapError} pod-not-found, no-ephemeral-containers, api-forbidden, admission-refused, debug-container-failed — when it can't be created
 */
export async function openEphemeralRoute(
  target: PodTarget,
  access: ClusterAccess,
  { debug, signal, log }: DebugRouteOptions,
): Promise<Route> {
  const { namespace, pod } = target
  const command = makeKeepAliveArgv(idleSeconds, '')
  const container = await openEphemeralContainer(access, { namespace, pod, debug, command, signal, log })
  return {
    via: 'ephemeral',
    description: `debug container "${container}" of the pod (context ${access.context})`,
    start: (argv, startSignal) => openExecChannel(access, { namespace, pod, container, argv, signal: startSignal }),
    network: { kind: 'here' },
    ownStream: await findOwnStream(target, access, signal),
    sudo: 'none',
    close: async () => {},
  }
}
