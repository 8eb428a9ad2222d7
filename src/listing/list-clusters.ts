import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { linkSignals } from '../base/link-signals.ts'
import { matchesWildcard } from '../base/wildcard.ts'
import type { Kubeconfig } from '../kube/kubeconfig.ts'
import type { ListSettings } from '../settings/settings.ts'
import { type AskOptions, askCluster } from './ask-cluster.ts'
import type { ClusterNames, ListedEntry } from './cluster-names.ts'
import type { NamesCache } from './names-cache.ts'
import { findNamespaces, namesKey } from './names-key.ts'

/** What Wireshark's list can show of one context. */
export interface ListedCluster {
  readonly context: string
  /** Names from the cluster's answer now, or else from its last answer; undefined when it never answered. */
  readonly names: ClusterNames | undefined
  /** Outcome; `late`: it may have answered later. */
  readonly state: 'answered' | 'late' | 'failed'
  readonly tookMs: number
  /** Reason for a failure. */
  readonly error: unknown
  /** Whether a refresh would find more: the cluster was late, or its other objects were not requested recently. */
  readonly isStale: boolean
}

/** Time that services and workloads for the dialogs stay fresh; they change less than pods. */
const objectsFreshMs = 10 * 60_000

export interface ListLimits {
  /** Time limit for all clusters together. */
  readonly timeoutMs: number
  /** Time limit for a cluster that was late at the last attempt: its cached list will hardly get better. */
  readonly lateTimeoutMs: number
  /** Time limit for credential plugins. */
  readonly loginTimeoutMs: number
  readonly killDelayMs?: number
  /** Whether to ask for services and workloads, which only the dialogs show. */
  readonly withObjects?: boolean
}

/**
 * Returns the limits for Wireshark, which waits for the list before it shows its window. The wait is 1.5 s in all, including starts, the cache, and
 * the questions that follow.
 */
export function listingLimits(sinceStartMs: number): ListLimits {
  const timeoutMs = Math.max(300, Math.round(750 - sinceStartMs))
  return { timeoutMs, lateTimeoutMs: Math.min(300, timeoutMs), loginTimeoutMs: timeoutMs - 200, killDelayMs: 120 }
}

/** Limits of a refresh: nobody waits for it, and a login through the cloud may take its time. */
export const refreshLimits: ListLimits = {
  timeoutMs: 25_000,
  lateTimeoutMs: 25_000,
  loginTimeoutMs: 20_000,
  withObjects: true,
}

/** Returns the recent captures in a context's cluster, the latest first. */
export type FindRecent = (context: string) => readonly ListedEntry[]

/** Asks all chosen contexts at the same time. Never throws: a cluster that does not answer is listed as before. */
export async function listClusters(
  config: Kubeconfig,
  list: ListSettings,
  limits: ListLimits,
  cache: NamesCache,
  findRecent: FindRecent = () => [],
): Promise<ListedCluster[]> {
  const contexts = chooseContexts(config, list.contexts)
  const foldAbove = Math.floor(list.maxPods / Math.max(1, contexts.length))
  return await Promise.all(
    contexts.map(async (context) => {
      const options = { list, foldAbove, recent: findRecent(context) }
      return await listCluster(config, context, options, limits, cache)
    }),
  )
}

/** Returns the chosen contexts in the order of the config, the current one first. */
export function chooseContexts(config: Kubeconfig, wanted: readonly string[] | undefined): string[] {
  const { currentContext } = config
  const known = [...config.contexts.keys()]
  if (wanted === undefined) return known.filter((name) => name === currentContext)
  const chosen = wanted.flatMap((pattern) => known.filter((name) => matchesWildcard(pattern, name)))
  return [...new Set([...chosen.filter((name) => name === currentContext), ...chosen])]
}

async function listCluster(
  config: Kubeconfig,
  context: string,
  wanted: Pick<AskOptions, 'list' | 'foldAbove' | 'recent'>,
  limits: ListLimits,
  cache: NamesCache,
): Promise<ListedCluster> {
  const key = namesKey(config, context, wanted.list)
  const known = cache.read(key)
  const wasLate = known !== undefined && (known.answeredInMs ?? Number.POSITIVE_INFINITY) > limits.timeoutMs
  const timeoutMs = wasLate ? limits.lateTimeoutMs : limits.timeoutMs
  const startedMs = performance.now()
  const tookMs = () => Math.round(performance.now() - startedMs)
  const late = new AbortController()
  const options: AskOptions = {
    config,
    ...wanted,
    // Stops a hanging login before the time is over, so that it has ended by then.
    signal: linkSignals(late.signal, AbortSignal.timeout(timeoutMs)).signal,
    ...(limits.withObjects === true && { withObjects: true }),
    loginTimeoutMs: Math.max(1, Math.min(limits.loginTimeoutMs, timeoutMs - (limits.killDelayMs ?? 0))),
    ...(limits.killDelayMs !== undefined && { killDelayMs: limits.killDelayMs }),
  }
  const answer = askCluster(context, findNamespaces(config, context), options).then(
    (names) => ({ names }),
    (error: unknown) => ({ error }),
  )
  // A separate limit: programs that a login has started may hold its pipes for longer.
  const result = await Promise.race([answer, sleep(timeoutMs, undefined, { ref: false })])
  late.abort()
  if (result !== undefined && 'names' in result) {
    const objects = result.names.objects ?? known?.names?.objects
    const names = { ...result.names, ...(objects !== undefined && { objects }) }
    const objectsAtMs = result.names.objects === undefined ? known?.objectsAtMs : Date.now()
    cache.write(key, { names, answeredInMs: tookMs(), objectsAtMs })
    const isStale = !(Math.abs(Date.now() - (objectsAtMs ?? 0)) < objectsFreshMs)
    return { context, names, state: 'answered', tookMs: tookMs(), error: undefined, isStale }
  }
  const isLate = result === undefined || tookMs() >= options.loginTimeoutMs
  // A cluster that refuses at once costs nothing to ask again; one that was late does.
  if (isLate) cache.write(key, { ...known, names: known?.names, answeredInMs: undefined })
  return {
    context,
    names: known?.names,
    state: isLate ? 'late' : 'failed',
    tookMs: tookMs(),
    error: result?.error,
    isStale: isLate,
  }
}
