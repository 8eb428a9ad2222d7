import type { Clock } from '../base/clock.ts'
import type { WriteLog } from '../base/log.ts'
import type { PodTarget } from '../base/target.ts'

export interface FollowRun {
  /** Reports whether the pod is captured, so that its changes must be known. */
  readonly isCaptured: (uid: string) => boolean
  readonly signal: AbortSignal
  readonly log: WriteLog
  readonly clock?: Clock
}

/** A change in the pods that a name matches. */
export interface PodSetChange {
  /** Live view of the current pods by uid; undefined for a pod that can't be captured because it is starting or terminating. */
  readonly pods: ReadonlyMap<string, PodTarget | undefined>
  /** New or changed pods that can be captured. */
  readonly running: readonly PodTarget[]
  /** Uids of the pods that are gone. */
  readonly gone: readonly string[]
}
