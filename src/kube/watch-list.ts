import { type Clock, monotonicClock } from '../base/clock.ts'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { WriteLog } from '../base/log.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { fitWatchEvent } from './fit-answer.ts'
import { makeJsonSplitter, noJson } from './json-splitter.ts'
import { type KubeAction, type KubeStatus, toApiError } from './kube-error.ts'
import { openStream } from './kube-request.ts'
import { readList } from './read-list.ts'
import { readRefusal, refuseAnswer } from './read-refusal.ts'

/** Duration of a watch: it ends before load balancers cut it, at a random time, so that many clients don't come back together. */
const watchSeconds = { least: 240, most: 360 }
/** Time that a watch may last beyond its duration; then kcap cuts it. */
const overdueMs = 15_000
/** Time limit of the answer: an API server answers a watch before there is an event. */
const answerTimeoutMs = 15_000
/** Shortest watch that is not followed by a pause. */
const shortestWatchMs = 1_000
/** Duration of a watch that resets the pauses: events alone do not prove a healthy server. */
const steadyWatchMs = 10_000
const firstRetryMs = 500
const longestRetryMs = 30_000
/** Maximum event rate, above that of a large cluster. Reading is throttled to it, so that a flood takes no time from the packets. */
const eventsPerSecond = 2_000
/** Maximum number of logins in a row; a login that is refused that often has been revoked. */
const maxLogins = 3

export interface WatchedObject {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly resourceVersion?: string }
}

export type ListChange<Kept> =
  /** A list begins, the first or another; objects that it lacks are gone. */
  | { readonly kind: 'began' }
  /** Part of the list. The next part is read at once, so a consumer that waits here lets the list fail. */
  | { readonly kind: 'listed'; readonly items: readonly Kept[] }
  /** The list is complete. */
  | { readonly kind: 'complete' }
  /** Events that arrived together, in order. */
  | { readonly kind: 'changed'; readonly changes: readonly ItemChange<Kept>[] }

export interface ItemChange<Kept> {
  readonly kind: 'changed' | 'removed'
  readonly item: Kept
}

export interface WatchRequest<Item, Kept> {
  /** `/api/v1/namespaces/shop/pods` */
  readonly path: string
  readonly action: Omit<KubeAction, 'verb'>
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  /** Returns the small part of an object to keep; undefined skips the object. */
  readonly keep: (item: Item) => Kept | undefined
  readonly signal: AbortSignal
  /** Logs why a watch had to start over. */
  readonly log?: WriteLog
  readonly clock?: Clock
}

/**
 * Lists objects, then yields changes until the signal is aborted, across cut connections and compacted histories. Throws the signal's reason.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 * @throws {KcapError} api-* — when the first list fails, or a retry can't help (no permission, no login)
 */
export async function* watchList<Item extends WatchedObject, Kept>(
  access: ClusterAccess,
  request: WatchRequest<Item, Kept>,
): AsyncGenerator<ListChange<Kept>> {
  const { signal, keep, clock = monotonicClock } = request
  let version: string | undefined
  let isFirst = true
  let failures = 0
  let logins = 0
  const pause = async () => {
    const longestMs = Math.min(longestRetryMs, firstRetryMs * 2 ** failures++)
    await clock.sleep(longestMs * (0.5 + Math.random() / 2), signal)
    signal.throwIfAborted()
  }
  for (;;) {
    let beganMs = clock.nowMs()
    try {
      if (version === undefined) {
        const action = { ...request.action, verb: 'list' as const }
        let listedVersion = ''
        yield { kind: 'began' }
        for await (const { items, head } of readList<Item>(access, { ...request, action })) {
          listedVersion = head.metadata?.resourceVersion ?? listedVersion
          yield { kind: 'listed', items: items.map(keep).filter((item) => item !== undefined) }
        }
        yield { kind: 'complete' }
        version = listedVersion
        isFirst = false
      }
      beganMs = clock.nowMs()
      let eventCount = 0
      for await (const events of readWatch<Item>(access, request, version)) {
        eventCount += events.length
        const changes: ItemChange<Kept>[] = []
        for (const { type, object } of events) {
          if (type === 'ERROR') {
            // 410 Gone: the history from this version on is compacted. A new list also cures any other error.
            request.log?.(`watch of ${request.path}: ${object.message ?? object.reason ?? 'error'}`)
            version = undefined
            break
          }
          version = object.metadata?.resourceVersion ?? version
          const item = type === 'BOOKMARK' ? undefined : keep(object)
          if (item !== undefined) changes.push({ kind: type === 'DELETED' ? 'removed' : 'changed', item })
        }
        if (changes.length > 0) yield { kind: 'changed', changes }
        if (version === undefined) break
        const aheadMs = (eventCount * 1_000) / eventsPerSecond - (clock.nowMs() - beganMs)
        if (aheadMs > 0) await clock.sleep(aheadMs, signal)
      }
      const lastedMs = clock.nowMs() - beganMs
      if (lastedMs >= steadyWatchMs) failures = 0
      logins = 0
      // Some proxies answer a watch with nothing at all.
      if (version === undefined || lastedMs < shortestWatchMs) await pause()
    } catch (error) {
      signal.throwIfAborted()
      if (isFirst) throw error
      if (clock.nowMs() - beganMs >= steadyWatchMs) failures = 0
      logins = error instanceof KcapError && error.code === 'api-unauthorized' ? logins + 1 : 0
      // The token has expired.
      if (logins > 0 && logins <= maxLogins) await access.renew(beganMs)
      else if (!canBeRetried(error)) throw error
      request.log?.(`watch of ${request.path}: ${(error as Error).message}`)
      // The API server has forgotten the version.
      if (error instanceof KcapError && error.facts.httpStatus === 410) version = undefined
      await pause()
    }
  }
}

function canBeRetried(error: unknown): boolean {
  return !(error instanceof KcapError) || error.code === 'api-unreachable' || error.code === 'api-failed'
}

type WatchEvent<Item> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Item }
  | { readonly type: 'ERROR'; readonly object: KubeStatus & WatchedObject }

async function* readWatch<Item>(
  access: ClusterAccess,
  request: WatchRequest<Item, unknown>,
  resourceVersion: string,
): AsyncGenerator<readonly WatchEvent<Item>[]> {
  const { labelSelector, fieldSelector } = request
  const { least, most } = watchSeconds
  const seconds = Math.round(least + Math.random() * (most - least))
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    resourceVersion,
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
  })
  const path = `${request.path}?${query}`
  const action = { ...request.action, verb: 'watch' as const }
  const refuse = refuseAnswer(access, { path, action })
  const splitter = makeJsonSplitter('lines', refuse)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error('it does not answer')), answerTimeoutMs)
  const { signal, unlink } = linkSignals(request.signal, late.signal, AbortSignal.timeout(seconds * 1000 + overdueMs))
  try {
    const response = await openStream(access, { path, signal })
    clearTimeout(timer)
    if (response.statusCode !== 200)
      throw toApiError(access, action, response.statusCode ?? 0, await readRefusal(response))
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const events = splitter.push(chunk).map(fitWatchEvent)
      if (events.includes(undefined)) throw refuse(noJson)
      if (events.length > 0) yield events as WatchEvent<Item>[]
    }
  } finally {
    clearTimeout(timer)
    unlink()
  }
}
