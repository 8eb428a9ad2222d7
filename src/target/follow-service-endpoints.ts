import { isDeepStrictEqual } from 'node:util'
import type { V1Pod } from '@kubernetes/client-node'
import { monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { PodTarget, ServiceName } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getPod } from '../kube/kube-objects.ts'
import { listServiceEndpoints } from '../kube/services.ts'
import { watchList } from '../kube/watch-list.ts'
import { tryTarget } from './pod-set.ts'
import type { FollowRun, PodSetChange } from './pod-set-change.ts'
import { findServicePods } from './service-pods.ts'
import { watchKnownPods } from './watch-known-pods.ts'

/** Maximum number of pods kept as targets: more than can be captured at the same time. */
const mostTargets = 2_500
/** Maximum number of namespaces whose pods are watched; each takes a connection. */
const mostNamespaces = 16
/** Shortest time between two searches for the pods, however often something changes. */
const searchIntervalMs = 1_000
/** Pause after a search that failed. */
const retryMs = 5_000
/** Maximum number of concurrent requests for single pods. */
const getsAtATime = 8

type Pods = Map<string, PodTarget | undefined>

/**
 * Yields the pods of a service without a selector, each time its endpoints or those pods change. A captured pod that leaves the endpoints stays until
 * it ends: it may come back, as after a failover. Ends when the service has no endpoints to watch. Throws the signal's reason when aborted.
 * @throws {KcapError} api-forbidden — when the login may not watch the endpoints
 * @throws {KcapError} api-* — when the first list fails, or a retry can't help
 */
export async function* followServiceEndpoints(
  name: ServiceName,
  access: ClusterAccess,
  run: FollowRun,
): AsyncGenerator<PodSetChange> {
  const { log, clock = monotonicClock } = run
  const namespace = name.namespace ?? access.namespace
  const endpoints = await listServiceEndpoints(access, namespace, name.service, run.signal)
  if (endpoints === undefined) return
  const over = new AbortController()
  const { signal, unlink } = linkSignals(run.signal, over.signal)
  let pods: Pods = new Map()
  let isStale = false
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}
  const markStale = () => {
    isStale = true
    wake()
  }
  const watchEndpoints = async () => {
    const request = { ...endpoints.source, keep: () => true, signal, log, clock }
    for await (const { kind } of watchList(access, request)) if (kind === 'complete' || kind === 'changed') markStale()
  }
  const watched = new Set<string>()
  const watchPods = (of: string) => {
    if (watched.has(of) || watched.size >= mostNamespaces) return
    watched.add(of)
    const request = { known: () => pods, read: (pod: V1Pod) => readTarget(pod, name, access), signal, log, clock }
    watchKnownPods(of, access, { ...request, onChange: markStale }).catch((error: unknown) => {
      if (!signal.aborted) log(`pods of the namespace "${of}" are not watched: ${(error as Error).message}`)
    })
  }
  watchEndpoints().catch((error: unknown) => {
    failure = { error }
    wake()
  })
  try {
    for (;;) {
      if (failure !== undefined) throw failure.error
      if (!isStale) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      isStale = false
      const now = await findTargets(name, access, pods, run)
      if (now === 'failed') isStale = true
      else if (now !== undefined) {
        const before = pods
        pods = now
        for (const target of now.values()) if (target !== undefined) watchPods(target.namespace)
        yield compare(before, now)
      }
      await clock.sleep(now === 'failed' ? retryMs : searchIntervalMs, signal)
    }
  } finally {
    over.abort()
    unlink()
  }
}

function compare(before: Pods, pods: Pods): PodSetChange {
  const running = [...pods].flatMap(([uid, target]) =>
    target === undefined || isDeepStrictEqual(before.get(uid), target) ? [] : [target],
  )
  return { pods, running, gone: [...before.keys()].filter((uid) => !pods.has(uid)) }
}

/** Returns the pods of the service by uid; undefined when the service is gone, `failed` when a retry may help. */
async function findTargets(
  name: ServiceName,
  access: ClusterAccess,
  before: Pods,
  { isCaptured, signal, log }: FollowRun,
): Promise<Pods | 'failed' | undefined> {
  const pods: Pods = new Map()
  const put = (pod: V1Pod) => {
    const uid = pod.metadata?.uid
    if (uid !== undefined) pods.set(uid, readTarget(pod, name, access))
    return pods.size < mostTargets
  }
  try {
    if ((await findServicePods(name, access, put, signal)) === undefined) return undefined
    const departed = [...before].flatMap(([uid, target]) =>
      target !== undefined && !pods.has(uid) && isCaptured(uid) ? [target] : [],
    )
    for (let i = 0; i < departed.length; i += getsAtATime) {
      const some = departed.slice(i, i + getsAtATime)
      const found = await Promise.all(some.map(({ namespace, pod }) => getPod(access, namespace, pod, signal)))
      for (const [j, { uid }] of some.entries()) {
        const pod = found[j]
        if (pod?.metadata?.uid !== uid) continue
        if (pod.metadata.deletionTimestamp === undefined) put(pod)
        else pods.set(uid, undefined)
      }
    }
    return pods
  } catch (error) {
    if (signal.aborted || !(error instanceof KcapError) || error.code === 'api-forbidden') throw error
    log(`pods of svc/${name.service}: ${error.message}`)
    return 'failed'
  }
}

function readTarget(pod: V1Pod, name: ServiceName, access: ClusterAccess): PodTarget | undefined {
  const target = tryTarget(pod, name, access)
  return target instanceof KcapError ? undefined : target
}
