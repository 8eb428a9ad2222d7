import type { V1LabelSelector } from '@kubernetes/client-node'
import type { ClusterAccess } from './cluster-access.ts'
import { type ListOptions, listNames } from './kube-objects.ts'
import { requestObject } from './kube-request.ts'
import { formatSelector } from './label-selector.ts'

/** Objects that make pods and select them by labels, as kubectl abbreviates them. */
export type WorkloadKind = 'deploy' | 'sts' | 'ds' | 'rs' | 'job'

export const workloadResources = {
  deploy: { apiGroup: 'apps', resource: 'deployments' },
  sts: { apiGroup: 'apps', resource: 'statefulsets' },
  ds: { apiGroup: 'apps', resource: 'daemonsets' },
  rs: { apiGroup: 'apps', resource: 'replicasets' },
  job: { apiGroup: 'batch', resource: 'jobs' },
} as const

export async function listWorkloads(
  access: ClusterAccess,
  kind: WorkloadKind,
  options: ListOptions & { readonly namespace: string },
): Promise<string[]> {
  return (await listNames(access, workloadResources[kind], options)).map(({ name }) => name)
}

/**
 * The label selector of a workload's pods; '' selects none here, though all in a query. undefined: there is no such workload.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export async function getWorkloadSelector(
  access: ClusterAccess,
  kind: WorkloadKind,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { apiGroup, resource } = workloadResources[kind]
  const workload = await requestObject<{ spec?: { selector?: V1LabelSelector } }>(access, {
    path: `/apis/${apiGroup}/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource, apiGroup, namespace, name },
    signal,
  })
  return workload === undefined ? undefined : formatSelector(workload.spec?.selector)
}
