import type { DebugContainer } from '../base/capture-request.ts'
import type { WriteLog } from '../base/log.ts'
import type { PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openEphemeralContainer } from '../kube/ephemeral-container.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import { makeKeeperArgv } from '../remote/keeper-script.ts'
import { findOwnStream } from './exec-route.ts'
import type { Route } from './route.ts'

/** For the next captures of the same pod, which need no new one then. */
const idleSeconds = 600

export interface DebugRouteOptions {
  readonly debug: DebugContainer
  readonly signal: AbortSignal
  readonly log: WriteLog
}

/** A debug container in the pod, with the pod's network. It ends by itself; the pod's spec keeps its name. */
export async function openEphemeralRoute(
  target: PodTarget,
  access: ClusterAccess,
  { debug, signal, log }: DebugRouteOptions,
): Promise<Route> {
  const { namespace, pod } = target
  const command = makeKeeperArgv(idleSeconds, '')
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
