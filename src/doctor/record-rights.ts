import type { Rule } from '../kube/grant.ts'

export interface RecordPlace {
  /** Namespace of the pods. */
  readonly namespace: string
  /** Namespace of the jobs. */
  readonly recorderNamespace: string
}

const core = { apiGroup: '' } as const

/** Lists every right that `kcap record` needs to create, read and delete records of pods in a namespace. */
export function listRecordRights({ namespace, recorderNamespace }: RecordPlace): Rule[] {
  const jobs: Rule = {
    apiGroup: 'batch',
    namespace: recorderNamespace,
    resource: 'jobs',
    verbs: ['list', 'create', 'delete'],
  }
  // Whoever creates a role must have its rights, and a record's role may get, list and watch pods.
  const pods: Rule = { ...core, namespace, resource: 'pods', verbs: ['get', 'list', 'watch'] }
  const roles = (['roles', 'rolebindings'] as const).map(
    (resource): Rule => ({
      apiGroup: 'rbac.authorization.k8s.io',
      namespace,
      resource,
      verbs: ['create', 'patch', 'delete'],
    }),
  )
  const account: Rule = {
    ...core,
    namespace: recorderNamespace,
    resource: 'serviceaccounts',
    verbs: ['create', 'patch', 'delete'],
  }
  const exec: Rule = { ...core, namespace: recorderNamespace, resource: 'pods/exec', verbs: ['get', 'create'] }
  const own: Rule[] =
    recorderNamespace === namespace
      ? []
      : [{ ...core, namespace: recorderNamespace, resource: 'pods', verbs: ['list'] }]
  return [jobs, pods, ...own, exec, account, ...roles]
}
