import { groupVersion, type Resource } from '../cluster/resources.ts'

/** Returns a document from which kubectl learns what a server has. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */
export function findDiscoveryDocument(
  pathname: string,
  host: string,
  resources: readonly Resource[],
): object | undefined {
  const path = pathname.replace(/\/$/, '')
  if (path === '/version') return serverVersion
  if (path === '/api') {
    return {
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: host }],
    }
  }
  if (path === '/apis')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames(resources).map(describeGroup) }
  const [, root, ...rest] = path.split('/')
  if (root === 'api' && rest.length === 1 && rest[0] === 'v1') return describeResources('', resources)
  if (root === 'apis' && rest.length === 1 && groupNames(resources).includes(rest[0] ?? ''))
    return { apiVersion: 'v1', kind: 'APIGroup', ...describeGroup(rest[0] ?? '') }
  if (root === 'apis' && rest.length === 2 && rest[1] === 'v1' && groupNames(resources).includes(rest[0] ?? ''))
    return describeResources(rest[0] ?? '', resources)
  return undefined
}

export const serverVersion = {
  major: '1',
  minor: '34',
  emulationMajor: '1',
  emulationMinor: '34',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '33',
  gitVersion: 'v1.34.1+kcap-demo',
  gitCommit: '93248f9ae092f571eb870b7664c534bfc7d00f03',
  gitTreeState: 'clean',
  buildDate: '2025-09-09T19:38:08Z',
  goVersion: 'go1.24.6',
  compiler: 'gc',
  platform: 'linux/amd64',
}

function groupNames(resources: readonly Resource[]): string[] {
  return [...new Set([...resources.map(({ group }) => group), 'authorization.k8s.io'])].filter((group) => group !== '')
}

function describeGroup(name: string): object {
  const version = { groupVersion: `${name}/v1`, version: 'v1' }
  return { name, versions: [version], preferredVersion: version }
}

function describeResources(group: string, resources: readonly Resource[]): object {
  const known = resources.filter((resource) => resource.group === group)
  const described: object[] = [
    ...known.map(({ plural, singular, namespaced, kind, shortNames, verbs }) => ({
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(group === 'apps' || plural === 'pods' || plural === 'services' ? { categories: ['all'] } : {}),
    })),
    ...known.flatMap(({ plural, namespaced, subresources }) =>
      subresources.map(({ name, kind, verbs }) => ({
        name: `${plural}/${name}`,
        singularName: '',
        namespaced,
        kind,
        verbs,
      })),
    ),
  ]
  if (group === 'authorization.k8s.io') {
    described.push({
      name: 'selfsubjectaccessreviews',
      singularName: 'selfsubjectaccessreview',
      namespaced: false,
      kind: 'SelfSubjectAccessReview',
      verbs: ['create'],
    })
  }
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersion(group, 'v1'), resources: described }
}
