import type { CreatingRoute, DebugContainer, RouteName } from '../base/capture-request.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { WriteLog } from '../base/log.ts'
import { formatTarget, type NodeTarget, type PodTarget, type RoutedTarget, type SshHostName } from '../base/target.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import { openEphemeralRoute } from './ephemeral-route.ts'
import { openExecRoute } from './exec-route.ts'
import { openKubectlRoute } from './kubectl-route.ts'
import { type LocalRouteOptions, openLocalRoute } from './local-route.ts'
import { nameNodeHost } from './name-node-host.ts'
import type { NodePods } from './node-pod-route.ts'
import type { Route } from './route.ts'

export interface RouteOptions extends LocalRouteOptions {
  readonly clusters: ClusterPool
  /** SSH host that is the node of the captured pods, as the user named it. */
  readonly nodeHost: SshHostName | undefined
  /** Pattern for the SSH hosts of all nodes. */
  readonly nodeSsh: SshHostName | undefined
  /** Aborts whatever has not begun. */
  readonly signal: AbortSignal
}

/** Options of a route that creates something. */
export interface CreatingOptions {
  readonly debug: DebugContainer
  readonly nodePods: NodePods
  readonly log: WriteLog
}

export type QuietRoute = Exclude<RouteName, CreatingRoute>

/**
 * Opens a route that creates nothing.
 * @throws {KcapError} usage — when no SSH host is named
 * @throws {KcapError} any code — when the login, or another step of the route, fails
 */
export async function openRoute(target: RoutedTarget, via: QuietRoute, options: RouteOptions): Promise<Route> {
  const { clusters, ssh, signal } = options
  if (target.kind === 'local' || (target.kind !== 'ssh' && via === 'local')) return openLocalRoute(target, options)
  if (target.kind === 'ssh') return await openSsh(target, target.name, ssh, signal)
  if (target.kind === 'node' || via === 'ssh')
    return await openSsh(target, nameNodeHost(target, options) ?? refuseNoHost(target), ssh, signal)
  const access = await clusters.open(target.cluster)
  return via === 'kubectl'
    ? await openKubectlRoute(target, access, signal)
    : await openExecRoute(target, access, signal)
}

/**
 * Creates a route to a target: a pod on its node, or a debug container in it.
 * @throws {KcapError} any code — when something keeps it from being created
 */
export async function createRoute(
  target: PodTarget | NodeTarget,
  via: CreatingRoute,
  options: RouteOptions & CreatingOptions,
): Promise<Route> {
  const access = await options.clusters.open(target.cluster)
  return target.kind === 'node' || via === 'node-pod'
    ? await options.nodePods.openRoute(target, access)
    : await openEphemeralRoute(target, access, options)
}

/** Loads ssh2 on demand: loading takes longer than a pod capture takes to begin. */
async function openSsh(...words: Parameters<typeof import('./ssh-route.ts').openSshRoute>): Promise<Route> {
  const { openSshRoute } = await import('./ssh-route.ts')
  return await openSshRoute(...words)
}

function refuseNoHost(target: PodTarget | NodeTarget): never {
  throw new KcapError('usage', `cannot capture "${formatTarget(target)}" via ssh: no host is named`, {
    hints: [
      ...(target.kind === 'pod'
        ? [line('--ssh-host', target.node ?? 'NODE', '--ssh-user', 'root')]
        : [line('kcap', `ssh://root@${target.node}`)]),
      'nodeSsh: { host: "{node}", user: root } in the config names the hosts of all nodes: kcap config init',
    ],
  })
}
