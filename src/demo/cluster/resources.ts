/** The resources the demo API server knows. https://kubernetes.io/docs/reference/kubernetes-api/ */
export interface Resource {
  /** '' is the core group, under /api. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
}

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
  }
}

export const resources: readonly Resource[] = [
  resource('', 'Namespace', 'namespaces', ['ns'], false),
  resource('', 'Node', 'nodes', ['no'], false),
  resource('', 'Pod', 'pods', ['po']),
  resource('', 'Service', 'services', ['svc']),
  resource('', 'Endpoints', 'endpoints', ['ep']),
  resource('apps', 'Deployment', 'deployments', ['deploy']),
  resource('apps', 'ReplicaSet', 'replicasets', ['rs']),
  resource('apps', 'StatefulSet', 'statefulsets', ['sts']),
  resource('apps', 'DaemonSet', 'daemonsets', ['ds']),
  resource('batch', 'Job', 'jobs', []),
  resource('discovery.k8s.io', 'EndpointSlice', 'endpointslices', []),
]

export function findResource(group: string, version: string, plural: string): Resource | undefined {
  return resources.find((known) => known.group === group && known.version === version && known.plural === plural)
}

export function resourceOfKind(kind: string): Resource {
  const found = resources.find((known) => known.kind === kind)
  if (found === undefined) throw new Error(`the demo cluster has no kind "${kind}"`)
  return found
}

export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}
