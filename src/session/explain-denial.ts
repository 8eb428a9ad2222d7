import type { CaptureRequest, RouteName } from '../base/capture-request.ts'
import { type Denial, KcapError } from '../base/kcap-error.ts'
import { formatStreamName, formatTarget, type Target, type TargetName } from '../base/target.ts'
import { grantHint, type Rule } from '../kube/grant.ts'
import { resourceKinds } from '../kube/resource-kinds.ts'
import { listRouteRights } from '../route/route-rights.ts'
import { formatFollowedName } from '../target/pod-set.ts'

/**
 * Completes the hints of a missing-permission error: they then grant everything that a capture of the target needs, in one step. `home` is the
 * namespace of names without one. Returns other errors unchanged.
 */
export function explainDenial(
  error: unknown,
  what: TargetName | Target,
  { via, debug }: Pick<CaptureRequest, 'via' | 'debug'>,
  home: string,
): unknown {
  if (!(error instanceof KcapError) || error.facts.denied === undefined) return error
  const { denied } = error.facts
  const route = via === 'auto' ? findRoute(denied) : via
  const isEverywhere = what.kind === 'pods' && 'allNamespaces' in what && what.allNamespaces
  const namespace = isEverywhere ? undefined : (('namespace' in what ? what.namespace : undefined) ?? home)
  const isNode = what.kind === 'node'
  const nodePodNamespace = debug.namespace ?? namespace
  const place = { namespace: isNode ? nodePodNamespace : namespace, nodePodNamespace }
  const rules = [...listRouteRights(isNode ? 'node-pod' : route, place), ...listNameRights(what, namespace)]
  const purpose = `${nameOf(what).replaceAll('/', '.')}:${isNode ? 'node-pod' : route}`
  const grant = grantHint({ user: denied.user, purpose, rules })
  return new KcapError(error.code, error.message, {
    hints: error.remedies.map((hint) => (typeof hint !== 'string' && hint.input !== undefined ? grant : hint)),
    cause: error.cause,
    facts: error.facts,
  })
}

/** Returns the route that a request was made for. */
function findRoute({ resource, verb }: Denial): RouteName {
  if (resource === 'pods/ephemeralcontainers') return 'ephemeral'
  return resource === 'pods' && (verb === 'create' || verb === 'delete') ? 'node-pod' : 'exec'
}

/** Lists the permissions that it takes to find the pods of a name. */
function listNameRights(what: TargetName | Target, namespace: string | undefined): Rule[] {
  if (what.kind === 'node') return [{ namespace: undefined, apiGroup: '', resource: 'nodes', verbs: ['get'] }]
  if (what.kind === 'service')
    return [
      { namespace, apiGroup: '', resource: 'services', verbs: ['get'] },
      { namespace, apiGroup: '', resource: 'endpoints', verbs: ['get'] },
      { namespace, apiGroup: 'discovery.k8s.io', resource: 'endpointslices', verbs: ['list'] },
    ]
  if (what.kind !== 'workload') return []
  const { apiGroup, resource } = resourceKinds[what.workloadKind]
  const jobs: Rule[] =
    what.workloadKind === 'cronjob'
      ? [{ namespace, apiGroup, resource: resourceKinds.job.resource, verbs: ['list'] }]
      : []
  return [{ namespace, apiGroup, resource, verbs: ['get'] }, ...jobs]
}

function nameOf(what: TargetName | Target): string {
  if ('context' in what && what.kind === 'pod') return what.pod
  if (what.kind === 'node') return `node/${what.node}`
  if (what.kind === 'stream') return formatStreamName('name' in what ? what.name : what)
  if (what.kind === 'ssh') return 'name' in what ? formatTarget(what) : what.host
  return formatFollowedName({ ...what, namespace: undefined } as Parameters<typeof formatFollowedName>[0])
}
