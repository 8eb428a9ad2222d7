import type { V1Pod } from '@kubernetes/client-node'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PodSetName, PodTarget, ServiceName, WorkloadKind } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { listNames, readPods } from '../kube/kube-objects.ts'
import { findPodSet, formatFollowedName, isInSet, tryTarget } from './pod-set.ts'
import type { PodFilter } from './pods-by-address.ts'
import { explainNoPods } from './refuse-service.ts'
import { findServicePods } from './service-pods.ts'
import { maxComparedNames, refuseUnknownNamespace, suggestNames } from './unknown-namespace.ts'

/** Maximum number of targets: more than can be captured at the same time, so that others replace those that fail. */
const mostTargets = 2_500

/**
 * Returns the pods that a name stands for now, if they can be captured.
 * @throws {KcapError} namespace-not-found, pod-not-found — when the name stands for nothing
 * @throws {KcapError} pod-not-running — when none of its pods can be captured
 * @throws {KcapError} container-not-found, windows-node — when that is why none can be captured
 * @throws {KcapError} api-* — when a request fails
 */
export async function resolvePodSet(
  name: PodSetName,
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<PodTarget[]> {
  const targets = new Map<string, PodTarget>()
  let refusal: KcapError | undefined
  let count = 0
  const take = (pod: V1Pod) => {
    const target = tryTarget(pod, name, access)
    count += 1
    if (!(target instanceof KcapError)) targets.set(target.uid || `${target.namespace}/${target.pod}`, target)
    else if (refusal === undefined || refusal.code === 'pod-not-running') refusal = target
    return targets.size < mostTargets
  }
  const explain =
    name.kind === 'service'
      ? await takeServicePods(name, access, take, signal)
      : await takePods(name, access, take, signal)
  if (explain === undefined) throw await notFound(name, access, signal)
  if (targets.size > 0) return [...targets.values()].sort((a, b) => (a.pod < b.pod ? -1 : 1))
  if (name.onNode !== undefined && (refusal === undefined || refusal.code === 'pod-not-on-node'))
    throw noneOnNode(name, name.onNode)
  throw refusal === undefined || refusal.code === 'pod-not-running' ? await explain(count) : refusal
}

/** Returns the error for a name none of whose pods runs, given the number of its pods. */
type ExplainNoPods = (count: number) => KcapError | Promise<KcapError>

async function takeServicePods(
  name: ServiceName,
  access: ClusterAccess,
  take: PodFilter,
  signal: AbortSignal,
): Promise<ExplainNoPods | undefined> {
  const search = await findServicePods(name, access, take, signal)
  return search && ((count) => explainNoPods(name, access, search, count, signal))
}

/** Takes the pods of a name; returns undefined when it stands for nothing. */
async function takePods(
  name: Exclude<PodSetName, ServiceName>,
  access: ClusterAccess,
  take: PodFilter,
  signal: AbortSignal,
): Promise<ExplainNoPods | undefined> {
  const set = await findPodSet(name, access, signal)
  if (set === undefined) return undefined
  for await (const pods of readPods(access, { ...set, signal }))
    if (!pods.filter((pod) => isInSet(set, pod)).every(take)) break
  return (count) => noneRuns(name, access, count)
}

async function notFound(name: PodSetName, access: ClusterAccess, signal: AbortSignal): Promise<KcapError> {
  const namespace = name.namespace ?? access.namespace
  const target = formatFollowedName(name)
  await refuseUnknownNamespace(access, namespace, target, signal)
  const refuse = (what: string, hints: readonly Hint[]) =>
    new KcapError('pod-not-found', `cannot capture "${target}": the namespace "${namespace}" has no such ${what}`, {
      hints,
    })
  const listThere = async (kind: 'svc' | WorkloadKind) =>
    (await listNames(access, kind, { namespace, limit: maxComparedNames, signal })).map((one) => one.name)
  if (name.kind === 'service') {
    const near = await suggestNames(name.service, async () => await listThere('svc'))
    return refuse('service', [
      ...(near.length > 0 ? [`similar services: ${near.join(', ')}`] : []),
      line('kcap', 'list', 'services', '-n', namespace),
    ])
  }
  if (name.kind !== 'workload') return refuse('pods', [line('kcap', 'list', 'pods', '-n', namespace)])
  const near = await suggestNames(name.workload, async () => await listThere(name.workloadKind))
  return refuse('workload', [
    ...(near.length > 0 ? [`similar names: ${near.join(', ')}`] : []),
    line('kubectl', 'get', name.workloadKind, '-n', namespace),
  ])
}

function noneOnNode(name: PodSetName, onNode: string): KcapError {
  const hints = ['leave --on-node out', line('kcap', 'list', 'nodes')]
  const target = formatFollowedName(name)
  return new KcapError('pod-not-on-node', `cannot capture "${target}": none of its pods is on node "${onNode}"`, {
    hints,
  })
}

function noneRuns(name: Exclude<PodSetName, ServiceName>, access: ClusterAccess, count: number): KcapError {
  const namespace = name.namespace ?? access.namespace
  const target = formatFollowedName(name)
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
