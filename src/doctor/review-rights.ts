import type { RouteName } from '../base/capture-request.ts'
import { mayDo, type Right } from '../kube/access-review.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'

/** One right, the ways that need it, and whether the login has it; undefined where the API server does not tell. */
export interface ReviewedRight extends Right {
  readonly routes: readonly RouteName[]
  readonly allowed: boolean | undefined
}

/** Each verb of each way. */
export async function reviewRights(
  access: ClusterAccess,
  { namespace, nodePodNamespace }: { readonly namespace: string; readonly nodePodNamespace: string },
  signal: AbortSignal,
): Promise<ReviewedRight[]> {
  const all: readonly RouteName[] = ['exec', 'kubectl', 'ephemeral', 'node-pod', 'ssh']
  const wanted: readonly Omit<ReviewedRight, 'allowed'>[] = [
    { verb: 'get', resource: 'pods', namespace, routes: all },
    { verb: 'list', resource: 'pods', namespace, routes: [] },
    { verb: 'watch', resource: 'pods', namespace, routes: [] },
    { verb: 'get', resource: 'pods/exec', namespace, routes: ['exec', 'ephemeral'] },
    { verb: 'create', resource: 'pods/exec', namespace, routes: ['exec', 'kubectl', 'ephemeral'] },
    { verb: 'patch', resource: 'pods/ephemeralcontainers', namespace, routes: ['ephemeral'] },
    { verb: 'create', resource: 'pods', namespace: nodePodNamespace, routes: ['node-pod'] },
    { verb: 'get', resource: 'pods', namespace: nodePodNamespace, routes: ['node-pod'] },
    { verb: 'delete', resource: 'pods', namespace: nodePodNamespace, routes: ['node-pod'] },
    { verb: 'get', resource: 'pods/exec', namespace: nodePodNamespace, routes: ['node-pod'] },
  ]
  // Pods on nodes are mostly created beside the pod, and need partly the same there.
  const unique = new Map<string, Omit<ReviewedRight, 'allowed'>>()
  for (const right of wanted) {
    const key = `${right.verb} ${right.resource} ${right.namespace}`
    unique.set(key, { ...right, routes: [...new Set([...(unique.get(key)?.routes ?? []), ...right.routes])] })
  }
  return await Promise.all(
    [...unique.values()].map(async (right) => ({ ...right, allowed: await mayDo(access, right, signal) })),
  )
}
