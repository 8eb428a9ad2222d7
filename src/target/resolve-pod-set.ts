import type { V1Pod } from '@kubernetes/client-node'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PodSetName, PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getPod, listNames, listServicePods, readPods } from '../kube/kube-objects.ts'
import { listWorkloads } from '../kube/workloads.ts'
import { findPodSet, formatPodSetName, isInSet, type PodSet, tryTarget } from './pod-set.ts'
import { mostSuggested, nearNames, refuseUnknownNamespace } from './unknown-namespace.ts'

/** Requests for single pods that run at once. */
const getsAtATime = 8
/** Requests for single pods in all: as many as can be captured at once. */
const mostGets = 1_000
/** Targets kept: more than can be captured at once, so that others replace those that fail. */
const mostTargets = 2_500

/**
 * The pods that a name stands for now, those that can be captured. Throws `pod-not-found` when the name stands for nothing, and
 * `pod-not-running` when none of its pods can be captured.
 */
export async function resolvePodSet(
  name: PodSetName,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<PodTarget[]> {
  const targets: PodTarget[] = []
  let refusal: KcapError | undefined
  let count = 0
  const take = (pod: V1Pod) => {
    const target = tryTarget(pod, name, access)
    count += 1
    if (target instanceof KcapError) refusal ??= target
    else targets.push(target)
    return targets.length < mostTargets
  }
  const isKnown =
    name.kind === 'service'
      ? await findServicePods(name, access, take, signal)
      : await findPods(name, access, take, signal)
  if (!isKnown) throw await notFound(name, access, signal)
  if (targets.length > 0) return targets.sort((a, b) => a.pod.localeCompare(b.pod))
  throw refusal?.code === 'container-not-found' ? refusal : noneRuns(name, access, count)
}

/** Takes a pod and returns whether more are wanted. */
type TakePod = (pod: V1Pod) => boolean

/** False where there is no such thing. */
async function findPods(name: PodSetName, access: ClusterAccess, take: TakePod, signal: AbortSignal): Promise<boolean> {
  const set = await findPodSet(name, access, signal)
  if (set !== undefined) await listSet(set, access, take, signal)
  return set !== undefined
}

async function listSet(set: PodSet, access: ClusterAccess, take: TakePod, signal: AbortSignal): Promise<void> {
  for await (const pods of readPods(access, { ...set, signal }))
    if (!pods.filter((pod) => isInSet(set, pod)).every(take)) return
}

/** Its EndpointSlices say which; its selector, where the login may see it, gets them all at once. */
async function findServicePods(
  name: PodSetName & { readonly kind: 'service' },
  access: ClusterAccess,
  take: TakePod,
  signal: AbortSignal,
): Promise<boolean> {
  const namespace = name.namespace ?? access.namespace
  const [names, set] = await Promise.all([
    listServicePods(access, namespace, name.service, signal),
    findPodSet(name, access, signal).catch(() => undefined),
  ])
  if (names === undefined) return false
  const missing = new Set(names)
  const takeNamed = (pod: V1Pod) => !missing.delete(pod.metadata?.name ?? '') || take(pod)
  if (set !== undefined) await listSet(set, access, takeNamed, signal).catch(() => {})
  const others = [...missing].slice(0, mostGets)
  for (let i = 0; i < others.length; i += getsAtATime) {
    const some = others.slice(i, i + getsAtATime)
    const found = await Promise.all(some.map(async (pod) => await getPod(access, namespace, pod, signal)))
    if (!found.filter((pod) => pod !== undefined).every(take)) break
  }
  return true
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
    const list = async () =>
      (await listNames(access, 'services', { namespace, limit: mostSuggested, signal })).map((service) => service.name)
    const near = await nearNames(name.service, list)
    return refuse('service', [
      ...(near.length > 0 ? [`services there: ${near.join(', ')}`] : []),
      line('kcap', 'list', 'services', '-n', namespace),
    ])
  }
  if (name.kind !== 'workload') return refuse('pods', [line('kcap', 'list', 'pods', '-n', namespace)])
  const near = await nearNames(name.workload, () =>
    listWorkloads(access, name.workloadKind, { namespace, limit: mostSuggested, signal }),
  )
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
