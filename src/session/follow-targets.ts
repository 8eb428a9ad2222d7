import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CaptureRequest } from '../base/capture-request.ts'
import type { Clock } from '../base/clock.ts'
import { toKcapError } from '../base/kcap-error.ts'
import type { WriteLog } from '../base/log.ts'
import type { FollowedName, TargetName } from '../base/target.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import { followPod } from '../target/follow-pod.ts'
import { followPodSet } from '../target/follow-pod-set.ts'
import { formatFollowedName } from '../target/pod-set.ts'
import type { SourceSet } from './source-set.ts'

export interface FollowOptions {
  readonly request: CaptureRequest
  readonly clusters: ClusterPool
  readonly sources: SourceSet
  /** Aborts with the capture, or when nothing can be captured. */
  readonly signal: AbortSignal
  readonly tell: (event: string) => void
  readonly log: WriteLog
  readonly clock: Clock
}

/**
 * Keeps the captured pods in line with the pods that the request's names stand for. Settles when there is nothing left to follow: at the end of the
 * capture, when a named pod is gone for good, or when the user may not watch.
 */
export async function followTargets(options: FollowOptions): Promise<void> {
  const { request, sources } = options
  if (!request.follow) return
  const names = request.targets.flatMap((name) => (isFollowed(name) ? [name] : []))
  for (const name of names) sources.expect(name)
  // Lets the captures take the open connection. A handshake would delay their first packet by milliseconds; for a list it makes no difference.
  await nextTurn()
  await Promise.all(names.map((name) => followName(name, options)))
}

function isFollowed(name: TargetName): name is FollowedName {
  return name.kind === 'pod' || name.kind === 'pods' || name.kind === 'service' || name.kind === 'workload'
}

async function followName(name: FollowedName, options: FollowOptions): Promise<void> {
  const { clusters, sources, request, signal, tell, log, clock } = options
  try {
    const access = await clusters.open(name)
    const changes =
      name.kind === 'pod'
        ? followPod(name, access, { patienceMs: request.reconnectMs, signal, log, clock })
        : followPodSet(name, access, { isCaptured: sources.has, signal, log, clock })
    for await (const change of changes) sources.follow(name, change)
    if (signal.aborted) return
    const called = formatFollowedName(name)
    if (name.kind === 'pod') tell(`${called} is gone for good`)
    else if (name.kind === 'service') tell(`${called} is not followed: it has neither a selector nor endpoints`)
    else tell(`${called} is not followed: it selects its pods by no labels`)
  } catch (error) {
    if (signal.aborted) return
    tell(`${formatFollowedName(name)} is not followed from here on: ${toKcapError(error).message}`)
  } finally {
    sources.unfollow(name)
  }
}
