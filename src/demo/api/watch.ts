import type { ServerResponse } from 'node:http'
import type { KubeObject } from '../cluster/kube-object.ts'
import type { ObjectStore, StoreEvent } from '../cluster/object-store.ts'
import type { Resource } from '../cluster/resources.ts'
import { groupVersion } from '../cluster/resources.ts'
import type { Selector } from './selectors.ts'
import { expired, type Status } from './status.ts'
import { formatTable } from './table.ts'

export interface ReceivedWatch {
  readonly store: ObjectStore
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly query: URLSearchParams
  readonly selector: Selector
  readonly asTable: boolean
  readonly bookmarkIntervalMs: number
}

/** Returns the refusal of a resourceVersion that is not a number. The API server sends it before it opens the stream. */
export function checkWatchVersion(query: URLSearchParams): Status | undefined {
  const version = query.get('resourceVersion') ?? ''
  if (/^\d*$/.test(version)) return undefined
  const message = `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 }
}

/**
 * Sends events until the client disconnects or `timeoutSeconds` have passed.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function serveWatch(response: ServerResponse, request: ReceivedWatch): void {
  const { store, resource, query, selector } = request
  const { plural } = resource
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' })
  response.flushHeaders()

  let isFirstTable = true
  const send = (type: string, object: unknown) => response.write(`${JSON.stringify({ type, object })}\n`)
  const sendObject = (type: string, object: KubeObject) => {
    if (!request.asTable) return send(type, object)
    const table = formatTable(
      plural,
      [object],
      { resourceVersion: object.metadata.resourceVersion },
      query.get('includeObject'),
    )
    if (!isFirstTable) Object.assign(table, { columnDefinitions: null })
    isFirstTable = false
    return send(type, table)
  }
  const sendBookmark = (annotations?: Record<string, string>) =>
    send('BOOKMARK', {
      kind: resource.kind,
      apiVersion: groupVersion(resource.group, resource.version),
      metadata: {
        resourceVersion: String(store.revision()),
        creationTimestamp: null,
        ...(annotations === undefined ? {} : { annotations }),
      },
    })
  const isSelected = (object: KubeObject) =>
    (request.namespace === undefined || object.metadata.namespace === request.namespace) && selector(object)
  const deliver = (event: StoreEvent) => {
    if (event.plural !== plural) return
    const isIn = event.type !== 'DELETED' && isSelected(event.object)
    const wasIn = event.previous !== undefined && isSelected(event.previous)
    if (isIn) sendObject(wasIn ? 'MODIFIED' : 'ADDED', event.object)
    else if (wasIn)
      sendObject('DELETED', {
        ...(event.previous as KubeObject),
        metadata: { ...(event.previous as KubeObject).metadata, resourceVersion: String(event.revision) },
      })
  }

  const since = Number(query.get('resourceVersion') ?? '')
  const wantsInitial = query.get('sendInitialEvents') === 'true'
  if (since > 0 && since < store.compactedRevision()) {
    send('ERROR', expired(`too old resource version: ${since} (${store.compactedRevision()})`))
    response.end()
    return
  }
  if (since === 0 || wantsInitial) {
    for (const object of store.list(plural, request.namespace).filter(selector)) sendObject('ADDED', object)
    if (wantsInitial) sendBookmark({ 'k8s.io/initial-events-end': 'true' })
  } else {
    for (const event of store.eventsSince(since)) deliver(event)
  }

  const unsubscribe = store.subscribe(deliver)
  const wantsBookmarks = isTrue(query.get('allowWatchBookmarks'))
  const bookmarks = wantsBookmarks ? setInterval(sendBookmark, request.bookmarkIntervalMs) : undefined
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? '0') || 3600
  const stop = () => {
    unsubscribe()
    clearInterval(bookmarks)
    clearTimeout(timeout)
  }
  const timeout = setTimeout(() => {
    // Nothing may be sent after the end, although the connection closes some time later.
    stop()
    response.end()
  }, timeoutSeconds * 1000)
  response.on('close', stop)
}

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1'
}
