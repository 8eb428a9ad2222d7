import type { Leftover } from '../remote/cleanup-script.ts'

/** Leftover of a capture in a cluster. */
export interface FoundLeftover {
  readonly kind: 'node-pod' | 'ephemeral' | 'record' | Leftover['kind']
  /** Pod, with the container where one is meant: `shop/orders-6c9f`. */
  readonly place: string
  /** Short description of the leftover. */
  readonly what: string
  /** State of the leftover; `kept` means that it cannot be removed, or that somebody uses it. */
  readonly state: 'found' | 'removed' | 'kept'
}

export interface CleanupOptions {
  /** Namespace; undefined means all. */
  readonly namespace: string | undefined
  readonly dryRun: boolean
  /** Whether to remove other users' running pods too. */
  readonly force: boolean
  readonly signal: AbortSignal
  /** Reports a place that could not be examined. */
  readonly onFailure: (place: string, reason: string) => void
}
