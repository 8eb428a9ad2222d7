import type { V1Pod } from '@kubernetes/client-node'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PodSetName, PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getPod, listNames, listPodObjects, listServicePods } from '../kube/kube-objects.ts'
import { listWorkloads } from '../kube/workloads.ts'
import { findPodSet, formatPodSetName, isInSet, type PodSet, toTarget, whyNotTarget } from './pod-set.ts'
import { nearNames, refuseUnknownNamespace } from './unknown-namespace.ts'

/** Pods asked for one by one, so many at a time. */
const getsAtATime = 8

/**
 * The pods that a name stands for now, those that can be captured. Throws `pod-not-found` when the name stands for nothing, and
 * `pod-not-running` when none of its pods can be captured.
 */
export async function resolvePodSet(
  name: PodSetName,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<PodTarget[]> {
  const pods =
    name.kind === 'service' ? await findServicePods(name, access, signal) : await findPods(name, access, signal)
  if (pods === undefined) throw await notFound(name, access, signal)
  const targets = pods.flatMap((pod) => toTarget(pod, name, access) ?? [])
  if (targets.length > 0) return targets.sort((a, b) => a.pod.localeCompare(b.pod))
  const refused = pods.map((pod) => whyNotTarget(pod, name, access))
  if (refused[0]?.code === 'container-not-found') throw refused[0]
  throw noneRuns(name, access, pods.length)
}

async function findPods(name: PodSetName, access: ClusterAccess, signal: AbortSignal): Promise<V1Pod[] | undefined> {
  const set = await findPodSet(name, access, signal)
  if (set === undefined) return undefined
  return await listSet(set, access, signal)
}

async function listSet(set: PodSet, access: ClusterAccess, signal: AbortSignal): Promise<V1Pod[]> {
  return (await listPodObjects(access, { ...set, signal })).filter((pod) => isInSet(set, pod))
}

/** Its EndpointSlices say which; its selector, where the login may see it, gets them all at once. */
async function findServicePods(
  name: PodSetName & { readonly kind: 'service' },
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<V1Pod[] | undefined> {
  const namespace = name.namespace ?? access.namespace
  const [names, set] = await Promise.all([
    listServicePods(access, namespace, name.service, signal),
    findPodSet(name, access, signal).catch(() => undefined),
  ])
  if (names === undefined) return undefined
  const listed = set === undefined ? [] : await listSet(set, access, signal).catch(() => [])
  const known = new Map(listed.map((pod) => [pod.metadata?.name ?? '', pod]))
  const pods: V1Pod[] = names.flatMap((pod) => known.get(pod) ?? [])
  const others = names.filter((pod) => !known.has(pod))
  for (let i = 0; i < others.length; i += getsAtATime) {
    const some = others.slice(i, i + getsAtATime)
    const found = await Promise.all(some.map(async (pod) => await getPod(access, namespace, pod, signal)))
    pods.push(...found.filter((pod) => pod !== undefined))
  }
  return pods
}

async function notFound(name: PodSetName, access: ClusterAccess, signal: AbortSignal): Promise<KcapError> {
  const namespace = name.namespace ?? access.namespace
  const target = formatPodSetName(name)
  await refuseUnknownNamespace(access, namespace, target, signal)
  const refuse = (what: string, hints: readonly Hint[]) =>
    new KcapError('pod-not-found', `cannot capture "${target}": the namespace "${namespace}" has no such ${what}`, {
      hints,
    })
  if (name.kind === 'service') {
    const list = async () => (await listNames(access, 'services', { namespace, signal })).map((service) => service.name)
    const near = await nearNames(name.service, list)
    return refuse('service', [
      ...(near.length > 0 ? [`services there: ${near.join(', ')}`] : []),
      line('kcap', 'list', 'services', '-n', namespace),
    ])
  }
  if (name.kind !== 'workload') return refuse('pods', [line('kcap', 'list', 'pods', '-n', namespace)])
  const near = await nearNames(name.workload, () => listWorkloads(access, name.workloadKind, { namespace, signal }))
  return refuse('workload', [
    ...(near.length > 0 ? [`of that kind there: ${near.join(', ')}`] : []),
    line('kubectl', 'get', name.workloadKind, '-n', namespace),
  ])
}

function noneRuns(name: PodSetName, access: ClusterAccess, count: number): KcapError {
  const namespace = name.namespace ?? access.namespace
  const target = formatPodSetName(name)
  if (name.kind === 'service')
    return new KcapError(
      'pod-not-running',
      `cannot capture "${target}": no ${count === 0 ? '' : 'running '}pod is behind it`,
      {
        hints: [line('kubectl', 'describe', 'service', '-n', namespace, name.service)],
      },
    )
  if (name.kind === 'workload')
    return new KcapError('pod-not-running', `cannot capture "${target}": none of its pods runs`, {
      hints: [line('kubectl', 'describe', name.workloadKind, '-n', namespace, name.workload)],
    })
  const scope = name.allNamespaces ? ['-A'] : ['-n', namespace]
  const selector = name.selector === undefined ? [] : ['-l', name.selector]
  if (count === 0)
    return new KcapError('pod-not-found', `cannot capture "${target}": there is no such pod`, {
      hints: [line('kcap', 'list', 'pods', ...scope, ...selector)],
    })
  return new KcapError('pod-not-running', `cannot capture "${target}": none of these pods runs`, {
    hints: [line('kubectl', 'get', 'pods', ...scope, ...selector)],
  })
}
