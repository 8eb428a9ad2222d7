import { KcapError } from '../base/kcap-error.ts'
import { findNearNames } from '../base/near-names.ts'
import type { PodName, PodTarget, ServiceName, Target, TargetName, WorkloadName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import { getPod, hasNamespace, listNames, listPods, listServicePods } from '../kube/kube-objects.ts'
import { listWorkloadPods, listWorkloads } from '../kube/workloads.ts'
import { choosePod } from './choose-pod.ts'

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
  if (name.kind === 'pod') return [await resolvePod(name, access, signal)]
  return name.kind === 'service'
    ? await resolveService(name, access, signal)
    : await resolveWorkload(name, access, signal)
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

async function resolveService(name: ServiceName, access: ClusterAccess, signal: AbortSignal): Promise<PodTarget[]> {
  const namespace = name.namespace ?? access.namespace
  const pods = await listServicePods(access, namespace, name.service, signal)
  if (pods === undefined) {
    await refuseUnknownNamespace(access, namespace, `svc/${name.service}`, signal)
    const near = await nearNames(name.service, async () =>
      (await listNames(access, 'services', { namespace, signal })).map((service) => service.name),
    )
    throw new KcapError(
      'pod-not-found',
      `cannot capture "svc/${name.service}": the namespace "${namespace}" has no such service`,
      {
        hints: [
          ...(near.length > 0 ? [`services there: ${near.join(', ')}`] : []),
          `kcap list services -n ${namespace}`,
        ],
      },
    )
  }
  if (pods.length === 0) {
    throw new KcapError('pod-not-running', `cannot capture "svc/${name.service}": no pod is behind it`, {
      hints: [`kubectl describe service -n ${namespace} ${name.service}`],
    })
  }
  return await Promise.all(pods.map((pod) => resolvePod({ ...name, kind: 'pod', namespace, pod }, access, signal)))
}

async function resolveWorkload(name: WorkloadName, access: ClusterAccess, signal: AbortSignal): Promise<PodTarget[]> {
  const namespace = name.namespace ?? access.namespace
  const { workloadKind, workload } = name
  const pods = await listWorkloadPods(access, workloadKind, namespace, workload, signal)
  const target = `${workloadKind}/${workload}`
  if (pods === undefined) {
    await refuseUnknownNamespace(access, namespace, target, signal)
    const near = await nearNames(workload, async () => await listWorkloads(access, workloadKind, { namespace, signal }))
    throw new KcapError(
      'pod-not-found',
      `cannot capture "${target}": the namespace "${namespace}" has no such workload`,
      {
        hints: [
          ...(near.length > 0 ? [`of that kind there: ${near.join(', ')}`] : []),
          `kubectl get ${workloadKind} -n ${namespace}`,
        ],
      },
    )
  }
  if (pods.length === 0) {
    throw new KcapError('pod-not-running', `cannot capture "${target}": none of its pods runs`, {
      hints: [`kubectl describe ${workloadKind} -n ${namespace} ${workload}`],
    })
  }
  return await Promise.all(pods.map((pod) => resolvePod({ ...name, kind: 'pod', namespace, pod }, access, signal)))
}

async function podNotFound(
  access: ClusterAccess,
  namespace: string,
  pod: string,
  signal: AbortSignal,
): Promise<KcapError> {
  await refuseUnknownNamespace(access, namespace, `${namespace}/${pod}`, signal)
  const near = await nearNames(pod, async () => (await listPods(access, { namespace, signal })).map((row) => row.name))
  return new KcapError('pod-not-found', `cannot capture "${namespace}/${pod}": the namespace has no such pod`, {
    hints: [...(near.length > 0 ? [`pods there: ${near.join(', ')}`] : []), `kcap list pods -n ${namespace}`],
  })
}

async function refuseUnknownNamespace(
  access: ClusterAccess,
  namespace: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await hasNamespace(access, namespace, signal)) !== false) return
  const near = await nearNames(namespace, async () =>
    (await listNames(access, 'namespaces', { signal })).map(({ name }) => name),
  )
  throw new KcapError(
    'namespace-not-found',
    `cannot capture "${target}": the cluster of the context "${access.context}" has no namespace "${namespace}"`,
    { hints: [...(near.length > 0 ? [`namespaces there: ${near.join(', ')}`] : []), 'kcap list namespaces'] },
  )
}

/** A login that may not list names gets the error without suggestions. */
async function nearNames(name: string, list: () => Promise<string[]>): Promise<string[]> {
  return findNearNames(name, await list().catch(() => []))
}
