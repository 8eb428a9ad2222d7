import type { Clock } from '../base/clock.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { FollowedName, PodTarget, Target } from '../base/target.ts'
import type { PodSetChange } from '../target/pod-set-change.ts'

/** Time that the API usually takes, after a capture has broken off, to report that its pod or container has ended. */
const eventTimeoutMs = 3_000
/** Longest time it may take: a kubelet that missed an update reports states every 10 s (kubelet/status/status_manager.go, syncPeriod). */
const longEventTimeoutMs = 12_000

/** State of the pods that followed names stand for. */
export interface PodEvents {
  /** Notes that a name is followed from now on, before its pods are known. */
  expect(name: FollowedName): void
  /** Notes that a target of one of the followed names is captured. */
  noteStarted(target: Target): void
  /** Applies a change of the pods of a name; returns the uids that no name matches any more. */
  update(name: FollowedName, change: PodSetChange): string[]
  /** Notes that the name is not followed any more. */
  forget(name: FollowedName): void
  /** Returns the pod with this uid, if it can be captured. */
  findRunning(uid: string): PodTarget | undefined
  /** Reports whether a name that is followed now stands or stood for the target. */
  isFollowed(target: Target): boolean
  /** Reports whether a name that has ever been followed stands or stood for the target. */
  wasFollowed(target: Target): boolean
  /** Reports whether the target's pod is gone or the run of its container is over. */
  hasEnded(target: Target): boolean
  /** Reports the same as `hasEnded`, but first waits for pod events: a moment, or longer where the end is likely. */
  willHaveEnded(target: Target, signal: AbortSignal, isLikely: boolean): Promise<boolean>
}

export function makePodEvents(isCaptured: (uid: string) => boolean, clock: Clock): PodEvents {
  const sets = new Map<FollowedName, PodSetChange['pods']>()
  /** Names whose first list has not arrived yet. */
  const expected = new Set<FollowedName>()
  /** Uids of captured pods that were followed; the uids of all pods ever seen would be too many. */
  const followedBefore = new Set<string>()
  const gone = new Set<string>()
  const readers = new Set<() => void>()

  const findRunning = (uid: string): PodTarget | undefined => {
    for (const pods of sets.values()) {
      const found = pods.get(uid)
      if (found !== undefined) return found
    }
    return undefined
  }
  const isPresent = (uid: string) => [...sets.values()].some((pods) => pods.has(uid))
  const wasFollowed = (target: Target) =>
    target.kind === 'pod' && (isPresent(target.uid) || followedBefore.has(target.uid))
  const isFollowed = (target: Target) => expected.size + sets.size > 0 && wasFollowed(target)
  const hasEnded = (target: Target) => {
    if (target.kind !== 'pod') return false
    if (gone.has(target.uid)) return true
    return isFollowed(target) && expected.size === 0 && findRunning(target.uid)?.containerId !== target.containerId
  }
  const noteFollowed = (uids: Iterable<string>) => {
    for (const uid of uids) if (isCaptured(uid)) followedBefore.add(uid)
  }

  async function waitForNews(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController()
    const read = () => done.abort()
    readers.add(read)
    const linked = linkSignals(signal, done.signal)
    await clock.sleep(timeoutMs, linked.signal)
    linked.unlink()
    readers.delete(read)
  }

  return {
    expect(name) {
      expected.add(name)
    },
    noteStarted(target) {
      if (target.kind === 'pod' && expected.size + sets.size > 0) followedBefore.add(target.uid)
    },
    update(name, change) {
      expected.delete(name)
      sets.set(name, change.pods)
      noteFollowed(change.gone)
      const left = change.gone.filter((uid) => !isPresent(uid))
      for (const uid of left) if (isCaptured(uid)) gone.add(uid)
      for (const read of readers) read()
      return left
    },
    forget(name) {
      noteFollowed(sets.get(name)?.keys() ?? [])
      sets.delete(name)
      expected.delete(name)
      for (const read of readers) read()
    },
    findRunning,
    isFollowed,
    wasFollowed,
    hasEnded,
    async willHaveEnded(target, signal, isLikely) {
      for (const deadlineMs = clock.nowMs() + (isLikely ? longEventTimeoutMs : eventTimeoutMs); ; ) {
        if (hasEnded(target)) return true
        const leftMs = deadlineMs - clock.nowMs()
        if (!isFollowed(target) || leftMs <= 0 || signal.aborted) return false
        await waitForNews(leftMs, signal)
      }
    },
  }
}
