import { setTimeout as sleep } from 'node:timers/promises'
import { linkSignals } from '../base/link-signals.ts'
import type { PodSetName, PodTarget, Target } from '../base/target.ts'
import type { PodSetChange } from '../target/follow-pod-set.ts'

/** How long after a capture has broken off the API may take to tell that its pod is gone. */
const newsTimeoutMs = 3_000

/** What is known of the pods that followed names stand for. */
export interface PodNews {
  /** Applies a change of the pods of a name; returns the uids that no name matches any more. */
  update(name: PodSetName, change: PodSetChange): string[]
  /** The name is not followed any more. */
  forget(name: PodSetName): void
  /** Pods that can be captured. */
  running(): Iterable<PodTarget>
  /** Whether a followed name has ever stood for the target. */
  isFollowed(target: Target): boolean
  /** Whether the target's pod is gone or its container's run is over; waits a moment for the news. */
  hasEnded(target: Target, signal: AbortSignal): Promise<boolean>
}

export function makePodNews(isCaptured: (uid: string) => boolean): PodNews {
  const sets = new Map<PodSetName, PodSetChange['pods']>()
  /** Pods that are captured; all that have ever been there would be too many. */
  const followedBefore = new Set<string>()
  const readers = new Set<() => void>()

  const findRunning = (uid: string): PodTarget | undefined => {
    for (const pods of sets.values()) {
      const found = pods.get(uid)
      if (found !== undefined) return found
    }
    return undefined
  }
  const isPresent = (uid: string) => [...sets.values()].some((pods) => pods.has(uid))
  const isFollowed = (target: Target) =>
    target.kind === 'pod' && (isPresent(target.uid) || followedBefore.has(target.uid))
  const noteFollowed = (uids: Iterable<string>) => {
    for (const uid of uids) if (isCaptured(uid)) followedBefore.add(uid)
  }

  async function waitForNews(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController()
    const read = () => done.abort()
    readers.add(read)
    const linked = linkSignals(signal, done.signal)
    await sleep(timeoutMs, undefined, { signal: linked.signal }).catch(() => {})
    linked.unlink()
    readers.delete(read)
  }

  return {
    update(name, { pods, gone }) {
      sets.set(name, pods)
      noteFollowed(gone)
      for (const read of readers) read()
      return gone.filter((uid) => !isPresent(uid))
    },
    forget(name) {
      noteFollowed(sets.get(name)?.keys() ?? [])
      sets.delete(name)
    },
    *running() {
      for (const pods of sets.values()) for (const target of pods.values()) if (target !== undefined) yield target
    },
    isFollowed,
    async hasEnded(target, signal) {
      if (target.kind !== 'pod' || !isFollowed(target)) return false
      for (const deadlineMs = Date.now() + newsTimeoutMs; ; ) {
        if (findRunning(target.uid)?.containerId !== target.containerId) return true
        const leftMs = deadlineMs - Date.now()
        if (leftMs <= 0 || signal.aborted || sets.size === 0) return false
        await waitForNews(leftMs, signal)
      }
    },
  }
}
