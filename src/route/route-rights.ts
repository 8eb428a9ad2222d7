import type { RouteName } from '../base/capture-request.ts'
import type { Rule } from '../kube/grant.ts'

export interface RightsPlace {
  /** Namespace of the pod; undefined: all namespaces. */
  readonly namespace: string | undefined
  /** Namespace where node pods are created; undefined: all namespaces. */
  readonly nodePodNamespace: string | undefined
}

const core = { apiGroup: '' } as const

/** Lists every permission that a route needs, from finding and following its pod to deleting what the route created. */
export function listRouteRights(via: RouteName, { namespace, nodePodNamespace }: RightsPlace): Rule[] {
  const find: Rule = { ...core, namespace, resource: 'pods', verbs: ['get', 'list', 'watch'] }
  const exec = (where: string | undefined): Rule => ({
    ...core,
    namespace: where,
    resource: 'pods/exec',
    // A WebSocket upgrade is a GET: exec needs both verbs from 1.35 on, and `get` alone before (kubernetes/kubernetes#78741).
    verbs: ['get', 'create'],
  })
  if (via === 'ssh' || via === 'local') return [find]
  if (via === 'ephemeral')
    return [find, exec(namespace), { ...core, namespace, resource: 'pods/ephemeralcontainers', verbs: ['patch'] }]
  if (via === 'node-pod') {
    const create: Rule = {
      ...core,
      namespace: nodePodNamespace,
      resource: 'pods',
      verbs: ['get', 'list', 'watch', 'create', 'delete'],
    }
    return [...(nodePodNamespace === namespace ? [] : [find]), create, exec(nodePodNamespace)]
  }
  return [find, exec(namespace)]
}
