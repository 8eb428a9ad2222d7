import type { V1Pod } from '@kubernetes/client-node'
import { type Clock, monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { WriteLog } from '../base/log.ts'
import type { PodName, PodTarget } from '../base/target.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { getPod } from '../kube/kube-objects.ts'
import { watchList } from '../kube/watch-list.ts'
import { tryTarget } from './pod-set.ts'
import type { PodSetChange } from './pod-set-change.ts'

/** Pause between two looks at a pod that may be read but not watched. */
const pollMs = 2_500
/** Maximum number of logins in a row; a login that is refused that often has been revoked. */
const maxLogins = 3

export interface FollowPodRun {
  /** Longest wait for a pod that is gone and whose controller makes another one of the same name. */
  readonly patienceMs: number
  readonly signal: AbortSignal
  readonly log: WriteLog
  readonly clock?: Clock
}

/**
 * Yields the state of one pod each time it changes, as a set of one pod or none. Ends when the pod is gone for good: it was deleted, or all of its
 * containers have ended. Throws the signal's reason when aborted.
 * @throws {KcapError} api-* — when a retry can't help
 */
export async function* followPod(
  name: PodName,
  access: ClusterAccess,
  { patienceMs, log, clock = monotonicClock, ...run }: FollowPodRun,
): AsyncGenerator<PodSetChange> {
  const over = new AbortController()
  const { signal, unlink } = linkSignals(run.signal, over.signal)
  let wait: AbortController | undefined
  let before: KnownPod | undefined
  let hasName = false
  try {
    for await (const pod of readPod(name, access, { signal, log, clock })) {
      const now = pod && describePod(pod, name, access)
      yield makeChange(before, now)
      hasName = now === undefined ? hasName : now.keepsName
      before = now
      if (now !== undefined && !now.isOver) {
        wait?.abort()
        wait = undefined
        continue
      }
      if (!hasName || patienceMs === 0) return
      if (wait !== undefined || patienceMs === Number.POSITIVE_INFINITY) continue
      const patience = new AbortController()
      wait = patience
      void clock.sleep(patienceMs, patience.signal).then(() => patience.signal.aborted || over.abort())
    }
  } catch (error) {
    if (!over.signal.aborted || run.signal.aborted) throw error
  } finally {
    wait?.abort()
    unlink()
  }
}

interface KnownPod {
  readonly uid: string
  /** Target; undefined while the pod can't be captured. */
  readonly target: PodTarget | undefined
  /** Whether none of its containers will ever run again. */
  readonly isOver: boolean
  /** Whether its controller replaces it with a pod of the same name. */
  readonly keepsName: boolean
}

function describePod(pod: V1Pod, name: PodName, access: ClusterAccess): KnownPod | undefined {
  const { uid, ownerReferences = [] } = pod.metadata ?? {}
  if (uid === undefined) return undefined
  const target = tryTarget(pod, name, access)
  return {
    uid,
    target: target instanceof KcapError ? undefined : target,
    isOver: ['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''),
    keepsName: ownerReferences.some(({ controller, kind }) => controller === true && kind === 'StatefulSet'),
  }
}

function makeChange(before: KnownPod | undefined, now: KnownPod | undefined): PodSetChange {
  const isThere = now !== undefined && !now.isOver
  return {
    pods: new Map(isThere ? [[now.uid, now.target]] : []),
    running: isThere && now.target !== undefined ? [now.target] : [],
    gone: before !== undefined && (!isThere || before.uid !== now.uid) ? [before.uid] : [],
  }
}

/** Yields the pod each time it has changed; undefined when there is none. Watches it, or polls it when the login may only get it. */
async function* readPod(
  name: PodName,
  access: ClusterAccess,
  { signal, log, clock }: Pick<FollowPodRun, 'signal' | 'log'> & { readonly clock: Clock },
): AsyncGenerator<V1Pod | undefined> {
  const namespace = name.namespace ?? access.namespace
  try {
    let pod: V1Pod | undefined
    const changes = watchList(access, {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
      action: { resource: 'pods', namespace },
      // A role for this pod alone (`resourceNames`) allows this watch, too.
      fieldSelector: `metadata.name=${name.pod}`,
      keep: (item: V1Pod) => (item.metadata?.name === name.pod ? item : undefined),
      signal,
      log,
      clock,
    })
    for await (const change of changes) {
      if (change.kind === 'began') pod = undefined
      else if (change.kind === 'listed') pod = change.items.at(-1) ?? pod
      else if (change.kind === 'complete') yield pod
      else {
        for (const { kind, item } of change.changes) pod = kind === 'changed' ? item : undefined
        yield pod
      }
    }
  } catch (error) {
    if (!(error instanceof KcapError && error.code === 'api-forbidden')) throw error
    log(`${namespace}/${name.pod} is looked at every ${pollMs / 1000} s: ${error.message}`)
  }
  for (let logins = 0; ; await clock.sleep(pollMs, signal)) {
    signal.throwIfAborted()
    try {
      yield await getPod(access, namespace, name.pod, signal)
      logins = 0
    } catch (error) {
      if (!(error instanceof KcapError) || error.code === 'api-forbidden') throw error
      log(`${namespace}/${name.pod}: ${error.message}`)
      if (error.code !== 'api-unauthorized') continue
      if (++logins > maxLogins) throw error
      await access.renew()
    }
  }
}
