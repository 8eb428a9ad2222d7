import type { CaptureRequest } from '../base/capture-request.ts'
import { toKcapError } from '../base/kcap-error.ts'
import type { PodSetName } from '../base/target.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import { followPodSet } from '../target/follow-pod-set.ts'
import { formatPodSetName } from '../target/pod-set.ts'
import type { SourceSet } from './source-set.ts'

export interface FollowOptions {
  readonly request: CaptureRequest
  readonly clusters: ClusterPool
  readonly sources: SourceSet
  /** Ends it: with the capture, or when nothing can be captured. */
  readonly signal: AbortSignal
  readonly tell: (event: string) => void
  readonly log: (line: string) => void
}

/**
 * Keeps what is captured in line with the pods that the request's names stand for. Settles when there is nothing to follow any more: at
 * the end of the capture, or when the login may not watch.
 */
export async function followTargets(options: FollowOptions): Promise<void> {
  const { request } = options
  if (!request.follow) return
  const names = request.targets.flatMap((name) =>
    name.kind === 'pod' || name.kind === 'node' || name.kind === 'ssh' ? [] : [name],
  )
  await Promise.all(names.map((name) => followName(name, options)))
}

async function followName(name: PodSetName, { clusters, sources, signal, tell, log }: FollowOptions): Promise<void> {
  try {
    for await (const change of followPodSet(name, await clusters.open(name), { isCaptured: sources.has, signal, log }))
      sources.follow(name, change)
    if (!signal.aborted) tell(`${formatPodSetName(name)} is not followed: it selects its pods by no labels`)
  } catch (error) {
    if (signal.aborted) return
    tell(`${formatPodSetName(name)} is not followed from here on: ${toKcapError(error).message}`)
  } finally {
    sources.unfollow(name)
  }
}
