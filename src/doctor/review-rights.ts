import type { RouteName } from '../base/capture-request.ts'
import { mayDo, type Right } from '../kube/access-review.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { listRouteRights, type RightsPlace } from '../route/route-rights.ts'

/** Permission, the routes that need it, and whether the login has it; undefined if the API server does not say. */
export interface ReviewedRight extends Right {
  readonly routes: readonly RouteName[]
  readonly allowed: boolean | undefined
}

const routes: readonly RouteName[] = ['exec', 'kubectl', 'ephemeral', 'node-pod', 'ssh']

/** Reviews the permission for each verb of each route. */
export async function reviewRights(
  access: ClusterAccess,
  place: RightsPlace,
  signal: AbortSignal,
): Promise<ReviewedRight[]> {
  // Pods on nodes are usually created in the captured pod's namespace, where some permissions are needed already.
  const unique = new Map<string, Omit<ReviewedRight, 'allowed'>>()
  for (const via of routes) {
    for (const { namespace, resource, verbs } of listRouteRights(via, place)) {
      for (const verb of verbs) {
        const key = `${verb} ${resource} ${namespace}`
        const known = unique.get(key)?.routes ?? []
        unique.set(key, { verb, resource, namespace, routes: [...known, via] })
      }
    }
  }
  return await Promise.all(
    [...unique.values()].map(async (right) => ({ ...right, allowed: await mayDo(access, right, signal) })),
  )
}
