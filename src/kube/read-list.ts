import { monotonicClock } from '../base/clock.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { fitListHead, fitListItem } from './fit-answer.ts'
import { makeJsonSplitter, noJson } from './json-splitter.ts'
import type { KubeAction } from './kube-error.ts'
import { limitTime, openAnswer } from './kube-request.ts'
import { isAccepted, refuseAnswer } from './read-refusal.ts'

/** Objects per page, as in kubectl (`--chunk-size`). */
export const pageSize = 500
/** Maximum number of pages; a filter may leave pages empty. */
const maxPages = 1_000
/** Time limit of a list: 50,000 whole pods are 500 MB. */
const listTimeoutMs = 300_000

/** Accept header for server-side printing with the objects' metadata only: a tenth of the bytes of a full list. */
export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

export interface ListRequest {
  /** `/api/v1/namespaces/shop/pods` */
  readonly path: string
  readonly action: KubeAction
  readonly accept?: string | undefined
  /** Whether the rows of a Table have the whole objects, not only their metadata. */
  readonly withObjects?: boolean
  readonly labelSelector?: string | undefined
  /** `status.phase=Running` */
  readonly fieldSelector?: string | undefined
  /** Number of objects that will be read. */
  readonly limit?: number | undefined
  readonly signal: AbortSignal
}

/** Metadata of a list; complete with the last part of a page. */
export interface ListHead {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority?: number }[]
}

export interface ListPart<Item> {
  readonly items: readonly Item[]
  readonly head: ListHead
}

/**
 * Yields the objects of a list as their bytes arrive, page by page: neither a long list nor an endless page takes memory here. Yields nothing for a
 * 404.
 * @throws {KcapError} api-* — when the list fails
 */
export async function* readList<Item>(access: ClusterAccess, request: ListRequest): AsyncGenerator<ListPart<Item>> {
  const endMs = monotonicClock.nowMs() + listTimeoutMs
  let token: string | undefined
  for (let page = 1; ; page++) {
    let next: string | undefined
    for await (const part of readPage<Item>(access, request, token)) {
      next = part.head.metadata?.continue
      yield part
    }
    if (!next) return
    if (next === token || page === maxPages || monotonicClock.nowMs() > endMs) throw endlessList(request.path)
    token = next
  }
}

async function* readPage<Item>(
  access: ClusterAccess,
  request: ListRequest,
  token: string | undefined,
): AsyncGenerator<ListPart<Item>> {
  const { labelSelector, fieldSelector, limit = pageSize, withObjects = false } = request
  const query = new URLSearchParams({
    limit: String(Math.min(pageSize, limit)),
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
    ...(withObjects && { includeObject: 'Object' }),
    ...(token && { continue: token }),
  })
  const path = `${request.path}?${query}`
  const refuse = refuseAnswer(access, { ...request, path })
  const splitter = makeJsonSplitter('lists', refuse)
  const readHead = (json: unknown) => {
    const head = fitListHead(json)
    if (head === undefined) throw refuse(noJson)
    return head as ListHead
  }
  const time = limitTime(access, request)
  try {
    const response = await openAnswer(access, {
      path,
      accept: request.accept ?? 'application/json',
      signal: time.signal,
    })
    time.markBegun()
    if (!(await isAccepted(access, request.action, response))) return
    let head: ListHead | undefined
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const items = splitter.push(chunk).map(fitListItem) as Item[]
      if (items.length === 0) continue
      head ??= readHead(splitter.head())
      yield { items, head }
    }
    yield { items: [], head: readHead(splitter.end()) }
  } catch (error) {
    throw time.explain(error)
  } finally {
    time.end()
  }
}

function endlessList(path: string): KcapError {
  return new KcapError('api-failed', `cannot list "${path}": its pages do not end`, {
    hints: [line('kubectl', 'get', '--raw', `${path}?limit=1`)],
  })
}

/** Maximum memory kept of one list, estimated: 140,000 rows, or 50,000 pods. */
const mostKeptBytes = 28_000_000
/** Cost of an object or a string in V8, including the reference to it. */
const objectBytes = 56
const textBytes = 32

export interface KeptSize {
  /** Adds an item; returns false when the total is more than may be kept. */
  add(kept: unknown): boolean
  remove(kept: unknown): void
}

/** Adds up what is kept of a list. */
export function makeKeptSize(): KeptSize {
  let bytes = 0
  return {
    add(kept) {
      bytes += measure(kept)
      return bytes <= mostKeptBytes
    },
    remove(kept) {
      bytes -= measure(kept)
    },
  }
}

function measure(value: unknown): number {
  if (typeof value === 'string') return textBytes + Buffer.byteLength(value)
  if (typeof value !== 'object' || value === null) return 0
  let bytes = objectBytes
  for (const item of Object.values(value)) bytes += measure(item)
  return bytes
}

/** Returns the error for a list that is too long. A part of it would pass for the whole. */
export function tooManyObjects({ server }: ClusterAccess, resource: string): KcapError {
  return new KcapError('api-failed', `cannot list ${resource} of "${server.host}": there are more than kcap takes`, {
    hints: ['name a namespace, a pattern or a selector that leaves fewer of them: -n NAMESPACE, -l SELECTOR'],
  })
}
