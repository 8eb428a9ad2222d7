/** Resource that the demo API server knows. https://kubernetes.io/docs/reference/kubernetes-api/ */
export interface Resource {
  /** API group; '' is the core group, under /api. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly verbs: readonly string[]
  readonly subresources: readonly Subresource[]
}

export interface Subresource {
  readonly name: string
  readonly kind: string
  readonly verbs: readonly string[]
}

const readVerbs = ['get', 'list', 'watch']

function resource(
  group: string,
  kind: string,
  plural: string,
  shortNames: readonly string[],
  namespaced = true,
): Resource {
  return {
    group,
    version: 'v1',
    plural,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced,
    shortNames,
    verbs: readVerbs,
    subresources: [],
  }
}

export const resources: readonly Resource[] = [
  resource('', 'Namespace', 'namespaces', ['ns'], false),
  resource('', 'Node', 'nodes', ['no'], false),
  {
    ...resource('', 'Pod', 'pods', ['po']),
    verbs: [...readVerbs, 'create', 'delete'],
    subresources: [
      { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
      { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch'] },
    ],
  },
  resource('', 'Service', 'services', ['svc']),
  resource('', 'Endpoints', 'endpoints', ['ep']),
  resource('apps', 'Deployment', 'deployments', ['deploy']),
  resource('apps', 'ReplicaSet', 'replicasets', ['rs']),
  resource('apps', 'StatefulSet', 'statefulsets', ['sts']),
  resource('apps', 'DaemonSet', 'daemonsets', ['ds']),
  resource('batch', 'Job', 'jobs', []),
  resource('discovery.k8s.io', 'EndpointSlice', 'endpointslices', []),
]

export function findResource(
  served: readonly Resource[],
  { group, version, plural }: Pick<Resource, 'group' | 'version' | 'plural'>,
): Resource | undefined {
  return served.find((known) => known.group === group && known.version === version && known.plural === plural)
}

/**
 * Returns the resource of a kind.
 * @throws {Error} when the demo has no such kind
 */
export function resourceOfKind(kind: string): Resource {
  const found = resources.find((known) => known.kind === kind)
  if (found === undefined) throw new Error(`the demo cluster has no kind "${kind}"`)
  return found
}

export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}
