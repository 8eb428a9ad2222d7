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
  /** The end of the capture. */
  readonly signal: AbortSignal
  readonly tell: (event: string) => void
  readonly log: (line: string) => void
}

/**
 * Keeps what is captured in line with the pods that the request's names stand for. Settles when there is nothing to follow any more: at
 * the end of the capture, when the login may not watch, when nothing could be captured at first.
 */
export async function followTargets(options: FollowOptions): Promise<void> {
  const { request, sources, signal } = options
  if (!request.follow) return
  const names = request.targets.flatMap((name) => (name.kind === 'pod' || name.kind === 'ssh' ? [] : [name]))
  if (names.length === 0) return
  const stop = new AbortController()
  const following = AbortSignal.any([signal, stop.signal])
  const all = Promise.all(names.map((name) => followName(name, options, following)))
  // Where no pod could be captured, none that comes later is better.
  void sources.settled().then(() => {
    if (!sources.hasBegun) stop.abort()
  })
  await all
}

async function followName(name: PodSetName, options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { clusters, sources, tell, log } = options
  try {
    for await (const state of followPodSet(name, await clusters.open(name), { signal, log }))
      sources.follow(name, state)
  } catch (error) {
    if (signal.aborted) return
    tell(
      `${formatPodSetName(name)} is not followed, only the pods there were at the start: ${toKcapError(error).message}`,
    )
  }
}
