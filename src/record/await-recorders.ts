import { type Clock, monotonicClock } from '../base/clock.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { type FoundRecord, type FoundRecorder, findRecords } from './find-records.ts'

/** Time that recorders have to start: enough for an image of 200 MB over a slow line. */
const startTimeoutMs = 180_000
const firstPauseMs = 500
const longestPauseMs = 3_000

export interface AwaitOptions {
  readonly name: string
  readonly namespace: string
  readonly signal: AbortSignal
  /** Called with the number of recorders that record. */
  readonly onChange: (recording: number, total: number) => void
  readonly clock?: Clock
}

/**
 * Waits until all recorders of a record record, or have had three minutes to. Returns those that do not.
 * @throws {KcapError} api-* — when the lists fail
 */
export async function awaitRecorders(access: ClusterAccess, options: AwaitOptions): Promise<readonly FoundRecorder[]> {
  const { name, namespace, signal, onChange, clock = monotonicClock } = options
  const startedMs = clock.nowMs()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const [record] = await findRecords(access, { name, namespace, signal })
    const missing = listMissing(record)
    const total = record?.recorders.length ?? 0
    onChange(total - missing.length, total)
    const isOver = clock.nowMs() - startedMs > startTimeoutMs
    if (missing.length === 0 || isOver || missing.every(isHopeless)) return missing
    await clock.sleep(pauseMs, signal)
    signal.throwIfAborted()
  }
}

function listMissing(record: FoundRecord | undefined): readonly FoundRecorder[] {
  return record?.recorders.filter(({ state }) => state !== 'recording') ?? []
}

/** Reports whether a recorder has failed so that more time does not help. */
function isHopeless({ state }: FoundRecorder): boolean {
  return /^(ErrImageNeverPull|ImagePullBackOff|InvalidImageName|CreateContainer|RunContainerError|CrashLoopBackOff|BackoffLimitExceeded|DeadlineExceeded|Complete|Failed)/.test(
    state,
  )
}
