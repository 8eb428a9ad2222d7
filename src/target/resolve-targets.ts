import { line, noted } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PodName, PodTarget, Target, TargetName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import { getPod, listNames, listPods } from '../kube/kube-objects.ts'
import { listWorkloads } from '../kube/workloads.ts'
import { choosePod } from './choose-pod.ts'
import { resolveNode } from './resolve-node.ts'
import { resolvePodSet } from './resolve-pod-set.ts'
import { mostSuggested, nearNames, refuseUnknownNamespace } from './unknown-namespace.ts'

/** Everything the names stand for, each target once. Throws the errors of the lookup: `pod-not-found`, `api-forbidden` … */
export async function resolveTargets(
  names: readonly TargetName[],
  clusters: ClusterPool,
  signal: AbortSignal,
): Promise<Target[]> {
  const found = await Promise.all(names.map((name) => resolveTarget(name, clusters, signal)))
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

async function resolveTarget(name: TargetName, clusters: ClusterPool, signal: AbortSignal): Promise<Target[]> {
  if (name.kind === 'ssh') return [{ kind: 'ssh', name }]
  const access = await clusters.open(name)
  if (name.kind === 'node') return [await resolveNode(name, access, signal)]
  if (name.kind === 'pod') return [await resolvePod(name, access, signal)]
  return await resolvePodSet(name, access, signal)
}

async function resolvePod(name: PodName, access: ClusterAccess, signal: AbortSignal): Promise<PodTarget> {
  const namespace = name.namespace ?? access.namespace
  const pod = await getPod(access, namespace, name.pod, signal)
  if (pod === undefined) throw await podNotFound(access, namespace, name.pod, signal)
  return choosePod(pod, {
    cluster: { kubeconfigPaths: name.kubeconfigPaths, context: name.context },
    context: access.context,
    container: name.container,
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
    nearNames(pod, async () =>
      (await listPods(access, { namespace, limit: mostSuggested, signal })).map((row) => row.name),
    ),
    findOtherKinds(access, namespace, pod, signal),
  ])
  return new KcapError('pod-not-found', `cannot capture "${namespace}/${pod}": the namespace has no such pod`, {
    hints: [
      ...others.map((target) => noted(`there is a ${target}`, line('kcap', target, '-n', namespace))),
      ...(near.length > 0 ? [`pods there: ${near.join(', ')}`] : []),
      line('kcap', 'list', 'pods', '-n', namespace),
    ],
  })
}

/** A service or workload is often called what a user takes for its pods' name. */
async function findOtherKinds(
  access: ClusterAccess,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string[]> {
  const kinds = ['svc', 'deploy', 'sts', 'ds'] as const
  const found = kinds.map(async (kind) => {
    const names =
      kind === 'svc'
        ? (await listNames(access, 'services', { namespace, limit: mostSuggested, signal })).map(
            (service) => service.name,
          )
        : await listWorkloads(access, kind, { namespace, limit: mostSuggested, signal })
    return names.includes(name) ? [`${kind}/${name}`] : []
  })
  return (await Promise.all(found.map((names) => names.catch(() => [])))).flat()
}
