import type { Via } from '../base/capture-request.ts'
import type { Target } from '../base/target.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import type { ConnectSshOptions } from '../ssh/connect-ssh.ts'
import { makeExecRoute } from './exec-route.ts'
import { makeKubectlRoute } from './kubectl-route.ts'
import type { Route } from './route.ts'

export interface OpenRouteOptions {
  readonly via: Via
  readonly clusters: ClusterPool
  readonly ssh: ConnectSshOptions
}

/** How a target is reached. Throws the errors of the login. */
export async function openRoute(target: Target, options: OpenRouteOptions): Promise<Route> {
  if (target.kind === 'pod') {
    const access = await options.clusters.open(target.cluster)
    return options.via === 'kubectl' ? makeKubectlRoute(target, access) : makeExecRoute(target, access)
  }
  // ssh2 takes longer to load than a pod capture takes to begin.
  const { openSshRoute } = await import('./ssh-route.ts')
  return await openSshRoute(target, options.ssh)
}
