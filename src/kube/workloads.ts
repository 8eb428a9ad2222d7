import type { V1LabelSelector, V1Pod } from '@kubernetes/client-node'
import type { WorkloadKind } from '../base/target.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { readJobs } from './kube-objects.ts'
import { requestObject } from './kube-request.ts'
import { formatSelector } from './label-selector.ts'
import { resourceKinds } from './resource-kinds.ts'

/**
 * Returns the label selector of a workload's pods; undefined when there is no such workload. '' selects none here, though all in a query.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 * @throws {KcapError} api-* — when the request fails
 */
export async function getWorkloadSelector(
  access: ClusterAccess,
  kind: Exclude<WorkloadKind, 'cronjob'>,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { apiGroup, resource } = resourceKinds[kind]
  const workload = await requestObject<{ spec?: { selector?: V1LabelSelector } }>(access, {
    path: `/apis/${apiGroup}/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource, apiGroup, namespace, name },
    signal,
  })
  return workload === undefined ? undefined : formatSelector(workload.spec?.selector)
}

/** Label on each pod of a job, with the name of the job. https://kubernetes.io/docs/reference/labels-annotations-taints/#job-name */
const jobLabel = 'job-name'

/**
 * Returns a selector for the pods of a cron job; undefined when the cron job does not exist. It covers pods of the jobs that it owns now, and of jobs
 * that it will create. Their names are its own and a time (cronjob/utils.go, getJobName).
 * @throws {KcapError} api-* — when a request fails
 */
export async function findCronJobPods(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<{ labelSelector: string; hasPod: (pod: V1Pod) => boolean } | undefined> {
  const { apiGroup, resource } = resourceKinds.cronjob
  const cronJob = await requestObject<{ metadata?: { uid?: string } }>(access, {
    path: `/apis/${apiGroup}/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`,
    action: { verb: 'get', resource, apiGroup, namespace, name },
    signal,
  })
  if (cronJob === undefined) return undefined
  const owned = new Set<string>()
  for await (const jobs of readJobs(access, { namespace, signal }))
    for (const { metadata } of jobs)
      if (metadata?.ownerReferences?.some(({ kind, name: owner }) => kind === 'CronJob' && owner === name))
        owned.add(metadata.name ?? '')
  const created = new RegExp(`^${name.replaceAll('.', '\\.')}-\\d+$`)
  return {
    labelSelector: jobLabel,
    hasPod: ({ metadata }) => {
      const job = metadata?.labels?.[jobLabel] ?? ''
      return owned.has(job) || created.test(job)
    },
  }
}
