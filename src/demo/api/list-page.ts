import type { KubeObject } from '../cluster/kube-object.ts'
import { objectKey } from '../cluster/object-store.ts'
import { badRequest, expired, type Status } from './status.ts'

export interface ListPage {
  readonly items: readonly KubeObject[]
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
}

export interface PageRequest {
  readonly objects: readonly KubeObject[]
  readonly query: URLSearchParams
  readonly namespaced: boolean
  readonly revision: number
  readonly compactedRevision: number
}

/** Returns one page of a list. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
export function takeListPage(request: PageRequest): ListPage | Status {
  const { query } = request
  const limitText = query.get('limit') ?? '0'
  if (limitText !== '' && !/^-?\d+$/.test(limitText))
    return badRequest(`strconv.ParseInt: parsing ${JSON.stringify(limitText)}: invalid syntax`)
  const limit = Number(limitText)
  const token = query.get('continue') ?? ''
  let revision = request.revision
  let start = 0
  // Within one namespace, a token contains the object's name only, because keys start below the namespace.
  const keyOf = (object: KubeObject) =>
    objectKey(request.namespaced ? undefined : object.metadata.namespace, object.metadata.name)
  if (token !== '') {
    const cursor = readContinueToken(token)
    if (cursor === undefined)
      return badRequest(
        'invalid continue token: continue key is not valid: invalid character looking for beginning of value',
      )
    if (cursor.rv < request.compactedRevision) {
      return expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      )
    }
    revision = cursor.rv
    start = request.objects.findIndex((object) => keyOf(object) >= cursor.start)
    if (start < 0) start = request.objects.length
  }
  const items = limit > 0 ? request.objects.slice(start, start + limit) : request.objects.slice(start)
  const remaining = request.objects.length - start - items.length
  const last = items.at(-1)
  // The API server cannot count what a selector would still match, so it reports no number.
  const isFiltered = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== ''
  return {
    items,
    metadata: {
      resourceVersion: String(revision),
      ...(remaining > 0 && last !== undefined
        ? {
            continue: formatContinueToken(revision, `${keyOf(last)}\0`),
            ...(isFiltered ? {} : { remainingItemCount: remaining }),
          }
        : {}),
    },
  }
}

function formatContinueToken(revision: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url')
}

function readContinueToken(token: string): { rv: number; start: string } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString())
    if (typeof value !== 'object' || value === null) return undefined
    const { rv, start } = value as { rv?: unknown; start?: unknown }
    return typeof rv === 'number' && typeof start === 'string' ? { rv, start } : undefined
  } catch {
    return undefined
  }
}
