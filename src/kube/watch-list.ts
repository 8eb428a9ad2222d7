import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { KcapError } from '../base/kcap-error.ts'
import { linkSignals } from '../base/link-signals.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { fitWatchEvent } from './fit-answer.ts'
import { type KubeAction, type KubeStatus, toApiError } from './kube-error.ts'
import { followPage, getJson, openStream } from './kube-request.ts'

/** Asks for a new watch before load balancers tire of the old one; spread, so that many clients don't come back together. */
const watchSeconds = { least: 240, most: 360 }
/** The server ends a watch itself; one that goes on after that is cut. */
const overdueMs = 15_000
/** One that ends sooner is followed by a pause. */
const shortestWatchMs = 1_000
const firstRetryMs = 500
const longestRetryMs = 30_000
const pageSize = 500
/** A login that is refused so often in a row has been taken away. */
const maxLogins = 3
const maxLineLength = 32 * 1024 * 1024

export interface WatchedObject {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly resourceVersion?: string }
}

export type ListChange<Item> =
  /** All there are now; what is missing has gone. */
  | { readonly kind: 'listed'; readonly items: readonly Item[] }
  | { readonly kind: 'changed' | 'removed'; readonly item: Item }

export interface WatchRequest {
  /** `/api/v1/namespaces/shop/pods` */
  readonly path: string
  readonly action: Omit<KubeAction, 'verb'>
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly accept?: string
  readonly signal: AbortSignal
  /** For log files: why a watch had to begin anew. */
  readonly log?: (line: string) => void
}

/**
 * Lists objects, then tells of changes until the signal is aborted, over cut connections and compacted histories. Throws `api-*` errors
 * that a retry can't lift (no right, no login), the first list's in any case, and the signal's reason.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export async function* watchList<Item extends WatchedObject>(
  access: ClusterAccess,
  request: WatchRequest,
): AsyncGenerator<ListChange<Item>> {
  let version: string | undefined
  let isFirst = true
  let failures = 0
  for (;;) {
    try {
      if (version === undefined) {
        const { items, resourceVersion } = await listAll<Item>(access, request)
        yield { kind: 'listed', items }
        version = resourceVersion
        isFirst = false
      }
      const beganMs = Date.now()
      for await (const event of readWatch<Item>(access, request, version)) {
        failures = 0
        if (event.type === 'ERROR') {
          // 410 Gone: the history from this version on is compacted; any other error is cured by a new list too.
          request.log?.(`watch of ${request.path}: ${event.object.message ?? event.object.reason ?? 'error'}`)
          version = undefined
          break
        }
        version = event.object.metadata?.resourceVersion ?? version
        if (event.type !== 'BOOKMARK')
          yield { kind: event.type === 'DELETED' ? 'removed' : 'changed', item: event.object }
      }
      // Some proxies answer a watch with nothing at all.
      if (version === undefined || Date.now() - beganMs < shortestWatchMs) await pause(++failures, request.signal)
    } catch (error) {
      request.signal.throwIfAborted()
      if (isFirst) throw error
      failures += 1
      // A token has run out.
      if (error instanceof KcapError && error.code === 'api-unauthorized' && failures <= maxLogins) await access.renew()
      else if (!canBeRetried(error)) throw error
      request.log?.(`watch of ${request.path}: ${(error as Error).message}`)
      if (error instanceof KcapError && /\(410\)/.test(error.message)) version = undefined
      await pause(failures, request.signal)
    }
  }
}

function canBeRetried(error: unknown): boolean {
  return !(error instanceof KcapError) || error.code === 'api-unreachable' || error.code === 'api-failed'
}

async function pause(failures: number, signal: AbortSignal): Promise<void> {
  const longestMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1))
  await sleep(longestMs * (0.5 + Math.random() / 2), undefined, { signal })
}

async function listAll<Item>(access: ClusterAccess, request: WatchRequest) {
  const items: Item[] = []
  let next: string | undefined
  let pages = 0
  let resourceVersion = ''
  do {
    const query = makeQuery(request, { limit: String(pageSize), ...(next && { continue: next }) })
    const answer = await getJson<{ items?: Item[]; metadata?: { resourceVersion?: string; continue?: string } }>(
      access,
      {
        path: `${request.path}?${query}`,
        action: { ...request.action, verb: 'list' },
        signal: request.signal,
        ...(request.accept !== undefined && { accept: request.accept }),
      },
    )
    for (const item of answer?.items ?? []) items.push(item)
    resourceVersion = answer?.metadata?.resourceVersion ?? ''
    next = followPage(request.path, answer?.metadata?.continue, next, ++pages)
  } while (next)
  return { items, resourceVersion }
}

type WatchEvent<Item> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Item }
  | { readonly type: 'ERROR'; readonly object: KubeStatus & WatchedObject }

async function* readWatch<Item>(
  access: ClusterAccess,
  request: WatchRequest,
  resourceVersion: string,
): AsyncGenerator<WatchEvent<Item>> {
  const { least, most } = watchSeconds
  const seconds = Math.round(least + Math.random() * (most - least))
  const overdue = AbortSignal.timeout(seconds * 1000 + overdueMs)
  const query = makeQuery(request, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    resourceVersion,
  })
  const { signal, unlink } = linkSignals(request.signal, overdue)
  try {
    const response = await openStream(access, { path: `${request.path}?${query}`, signal })
    if (response.statusCode !== 200) {
      const body = await readStart(response)
      throw toApiError(access.server, { ...request.action, verb: 'watch' }, response.statusCode ?? 0, body)
    }
    for await (const line of readLines(response)) {
      const event = fitWatchEvent(JSON.parse(line)) as WatchEvent<Item> | undefined
      if (event === undefined) throw new Error('an event has no object')
      yield event
    }
  } finally {
    unlink()
  }
}

function makeQuery({ labelSelector, fieldSelector }: WatchRequest, more: Record<string, string>): URLSearchParams {
  return new URLSearchParams({
    ...more,
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
  })
}

async function* readLines(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let parts: string[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = chunk.split('\n')
    for (const line of lines.slice(0, -1)) {
      const whole = parts.join('') + line
      parts = []
      length = 0
      if (whole.trim() !== '') yield whole
    }
    const rest = lines.at(-1) ?? ''
    parts.push(rest)
    length += rest.length
    if (length > maxLineLength) throw new Error(`an event is longer than ${maxLineLength} characters`)
  }
}

async function readStart(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8')
    if (text.length > 64 * 1024) break
  }
  return text
}
