/** A kind of objects; without a group it belongs to the core. */
export interface ListedResource {
  readonly apiGroup?: string
  readonly resource: string
}

interface KindRow extends ListedResource {
  /** Singular, plural and short names, as kubectl accepts them. */
  readonly names: readonly string[]
  readonly isNamespaced: boolean
}

/** Kinds that kcap lists or captures, keyed by the short name that it shows. */
export const resourceKinds = {
  pod: { names: ['pod', 'pods', 'po'], resource: 'pods', isNamespaced: true },
  svc: { names: ['service', 'services', 'svc'], resource: 'services', isNamespaced: true },
  node: { names: ['node', 'nodes', 'no'], resource: 'nodes', isNamespaced: false },
  ns: { names: ['namespace', 'namespaces', 'ns'], resource: 'namespaces', isNamespaced: false },
  deploy: {
    names: ['deployment', 'deployments', 'deploy'],
    apiGroup: 'apps',
    resource: 'deployments',
    isNamespaced: true,
  },
  sts: {
    names: ['statefulset', 'statefulsets', 'sts'],
    apiGroup: 'apps',
    resource: 'statefulsets',
    isNamespaced: true,
  },
  ds: { names: ['daemonset', 'daemonsets', 'ds'], apiGroup: 'apps', resource: 'daemonsets', isNamespaced: true },
  rs: { names: ['replicaset', 'replicasets', 'rs'], apiGroup: 'apps', resource: 'replicasets', isNamespaced: true },
  job: { names: ['job', 'jobs'], apiGroup: 'batch', resource: 'jobs', isNamespaced: true },
  cronjob: { names: ['cronjob', 'cronjobs', 'cj'], apiGroup: 'batch', resource: 'cronjobs', isNamespaced: true },
} as const satisfies Record<string, KindRow>

export type ResourceKind = keyof typeof resourceKinds

/** Returns the kind that a word names; the group may follow (`deployments.apps`, `deployments.v1.apps`). */
export function findResourceKind(word: string): ResourceKind | undefined {
  return (Object.keys(resourceKinds) as ResourceKind[]).find((kind) => {
    const { names, apiGroup }: KindRow = resourceKinds[kind]
    return names.some(
      (name) =>
        word === name || (apiGroup !== undefined && [`${name}.${apiGroup}`, `${name}.v1.${apiGroup}`].includes(word)),
    )
  })
}
