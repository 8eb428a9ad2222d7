import type { ErrorCode } from '../base/error-codes.ts'
import { line, noted } from '../base/hint.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import { clusterOf, type PodName, type PodTarget, type Target, type TargetName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import { getPod, listNames, listPods } from '../kube/kube-objects.ts'
import { choosePod } from './choose-pod.ts'
import { resolveNode } from './resolve-node.ts'
import { resolvePodSet } from './resolve-pod-set.ts'
import { maxComparedNames, refuseUnknownNamespace, suggestNames } from './unknown-namespace.ts'

export interface ResolveOptions {
  /** Completes an error for a caller that knows what the name was looked up for. `home` is the namespace of names without one. */
  readonly explain?: (error: unknown, name: TargetName, home: string) => unknown
  /** Whether a name may stand for nothing; default: that is an error. */
  readonly mayBeAbsent?: boolean | undefined
}

/** Errors of names that may stand for something later. */
const absent: readonly ErrorCode[] = ['pod-not-found', 'pod-not-running', 'pod-not-on-node', 'container-not-found']

/**
 * Returns everything that the names stand for, each target once.
 * @throws {KcapError} pod-not-found, api-forbidden and others — when a look-up fails
 */
export async function resolveTargets(
  names: readonly TargetName[],
  clusters: ClusterPool,
  signal: AbortSignal,
  options: ResolveOptions = {},
): Promise<Target[]> {
  const found = await Promise.all(names.map((name) => resolveTarget(name, clusters, signal, options)))
  const unique = new Map<string, Target>()
  for (const target of found.flat()) {
    unique.set(
      target.kind === 'pod'
        ? target.uid || `${target.context}/${target.namespace}/${target.pod}`
        : JSON.stringify(target),
      target,
    )
  }
  return [...unique.values()]
}

async function resolveTarget(
  name: TargetName,
  clusters: ClusterPool,
  signal: AbortSignal,
  { explain = (error) => error, mayBeAbsent = false }: ResolveOptions,
): Promise<Target[]> {
  if (name.kind === 'ssh') return [{ kind: 'ssh', name }]
  if (name.kind === 'local') return [name]
  if (name.kind === 'stream') return [{ kind: 'stream', name }]
  const access = await clusters.open(name)
  try {
    if (name.kind === 'node') return [await resolveNode(name, access, signal)]
    if (name.kind === 'pod') return [await resolvePod(name, access, signal)]
    return await resolvePodSet(name, access, signal)
  } catch (error) {
    if (mayBeAbsent && absent.includes(toKcapError(error).code)) return []
    throw explain(error, name, access.namespace)
  }
}

async function resolvePod(name: PodName, access: ClusterAccess, signal: AbortSignal): Promise<PodTarget> {
  const namespace = name.namespace ?? access.namespace
  const pod = await getPod(access, namespace, name.pod, signal)
  if (pod === undefined) throw await podNotFound(access, namespace, name.pod, signal)
  return choosePod(pod, {
    cluster: clusterOf(name),
    context: access.context,
    container: name.container,
    onNode: name.onNode,
  })
}

async function podNotFound(
  access: ClusterAccess,
  namespace: string,
  pod: string,
  signal: AbortSignal,
): Promise<KcapError> {
  await refuseUnknownNamespace(access, namespace, `${namespace}/${pod}`, signal)
  const [near, others] = await Promise.all([
    suggestNames(pod, async () =>
      (await listPods(access, { namespace, limit: maxComparedNames, signal })).map((row) => row.name),
    ),
    findOtherKinds(access, namespace, pod, signal),
  ])
  return new KcapError('pod-not-found', `cannot capture "${namespace}/${pod}": the namespace has no such pod`, {
    hints: [
      ...others.map((target) => noted(`there is a ${target}`, line('kcap', target, '-n', namespace))),
      ...(near.length > 0 ? [`similar pods: ${near.join(', ')}`] : []),
      line('kcap', 'list', 'pods', '-n', namespace),
    ],
  })
}

/** Finds a service or workload that has the name which the user took for a pod's. */
async function findOtherKinds(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string[]> {
  const kinds = ['svc', 'deploy', 'sts', 'ds'] as const
  const found = kinds.map(async (kind) => {
    const listed = await listNames(access, kind, { namespace, limit: maxComparedNames, signal })
    return listed.some((one) => one.name === name) ? [`${kind}/${name}`] : []
  })
  return (await Promise.all(found.map((names) => names.catch(() => [])))).flat()
}
