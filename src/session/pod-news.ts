import { setTimeout as sleep } from 'node:timers/promises'
import { linkSignals } from '../base/link-signals.ts'
import type { PodSetName, PodTarget, Target } from '../base/target.ts'
import type { PodSetState } from '../target/follow-pod-set.ts'

/** How long after a capture has broken off the API may take to tell that its pod is gone. */
const newsTimeoutMs = 3_000

/** What is known of the pods that followed names stand for. */
export interface PodNews {
  /** The pods of a name as they are now; gives those that none of the names stands for any more. */
  update(name: PodSetName, state: PodSetState): string[]
  /** The name is not followed any more. */
  forget(name: PodSetName): void
  states(): readonly PodSetState[]
  /** Whether a followed name has ever stood for the target. */
  isFollowed(target: Target): boolean
  /** Whether the target's pod is gone or its container's run is over; waits a moment for the news. */
  hasEnded(target: Target, signal: AbortSignal): Promise<boolean>
}

export function makePodNews(): PodNews {
  const states = new Map<PodSetName, PodSetState>()
  const followed = new Set<string>()
  const readers = new Set<() => void>()

  const findRunning = (uid: string): PodTarget | undefined => {
    for (const { running } of states.values()) {
      const found = running.find((target) => target.uid === uid)
      if (found !== undefined) return found
    }
    return undefined
  }
  const isFollowed = (target: Target) => target.kind === 'pod' && followed.has(target.uid)

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
    update(name, state) {
      const before = states.get(name)?.present ?? new Set()
      states.set(name, state)
      for (const uid of state.present) followed.add(uid)
      for (const read of readers) read()
      return [...before].filter((uid) => [...states.values()].every(({ present }) => !present.has(uid)))
    },
    forget: (name) => void states.delete(name),
    states: () => [...states.values()],
    isFollowed,
    async hasEnded(target, signal) {
      if (target.kind !== 'pod' || !isFollowed(target)) return false
      for (const deadlineMs = Date.now() + newsTimeoutMs; ; ) {
        if (findRunning(target.uid)?.containerId !== target.containerId) return true
        const leftMs = deadlineMs - Date.now()
        if (leftMs <= 0 || signal.aborted || states.size === 0) return false
        await waitForNews(leftMs, signal)
      }
    },
  }
}
