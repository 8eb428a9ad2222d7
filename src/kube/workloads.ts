import type { V1LabelSelector } from '@kubernetes/client-node'
import { listOf, mapOf, object, text } from './answer-shape.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { type ListOptions, listNames } from './kube-objects.ts'
import { getJson } from './kube-request.ts'

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
  const workload = await getJson<{ spec?: { selector?: V1LabelSelector } }>(access, {
    path: `/apis/${apiGroup}/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource, apiGroup, namespace, name },
    signal,
  })
  return workload === undefined
    ? undefined
    : formatSelector((fitSelector(workload.spec?.selector) ?? {}) as V1LabelSelector)
}

const fitSelector = object({
  matchLabels: mapOf(text),
  matchExpressions: listOf(object({ key: text, operator: text, values: listOf(text) }, 'key', 'operator')),
})

/** A selector as a query has it: `app=orders,tier in (web,api),!canary`. */
export function formatSelector({ matchLabels, matchExpressions }: V1LabelSelector): string {
  const labels = Object.entries(matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const expressions = (matchExpressions ?? []).map(({ key, operator, values }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${(values ?? []).join(',')})`
  })
  return [...labels, ...expressions].join(',')
}
