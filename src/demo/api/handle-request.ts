import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KubeObject } from '../cluster/kube-object.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import { findResource, groupVersion, type Resource } from '../cluster/resources.ts'
import { refuse, type User } from './authorize.ts'
import { findDiscoveryDocument } from './discovery.ts'
import { takeListPage } from './list-page.ts'
import type { RequestHandler } from './request-handler.ts'
import { actionOf, execVerb, parseResourcePath, type ResourcePath, verbOf } from './resource-path.ts'
import { parseSelectors, type Selector, SelectorError } from './selectors.ts'
import {
  badRequest,
  forbiddenPath,
  methodNotAllowed,
  notFound,
  pathNotFound,
  type Status,
  sendJson,
  sendStatus,
} from './status.ts'
import { formatTable, wantsTable } from './table.ts'
import { checkWatchVersion, isTrue, type ReceivedWatch, serveWatch } from './watch.ts'

/** Readable objects and resources, and handlers for all other requests. */
export interface ClusterApi {
  readonly store: ObjectStore
  readonly resources: readonly Resource[]
  /** Handlers, asked first and in this order. */
  readonly handlers: readonly RequestHandler[]
  readonly bookmarkIntervalMs: number
}

/** Answers one request of a known user. Exec is a connection upgrade and handled elsewhere. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  user: User,
  api: ClusterApi,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://demo')
  const method = request.method ?? 'GET'
  const path = parseResourcePath(url.pathname)
  for (const handle of api.handlers) if (await handle({ request, response, method, url, path, user })) return
  const document =
    method === 'GET' ? findDiscoveryDocument(url.pathname, request.headers.host ?? '', api.resources) : undefined
  if (document !== undefined) return sendJson(response, 200, document)
  if (/^\/(healthz|livez|readyz)$/.test(url.pathname)) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end('ok')
    return
  }
  if (path === undefined) return sendStatus(response, forbiddenPathOr404(user, method, url.pathname))
  if (path.subresource === 'exec')
    return sendStatus(
      response,
      refuse(user, actionOf(path, execVerb(method))) ?? badRequest('Upgrade request required'),
    )
  const answer = answerObjects(api, user, path, method, url.searchParams, wantsTable(request.headers.accept))
  if (answer.kind === 'status') return sendStatus(response, answer.status)
  if (answer.kind === 'watch') return serveWatch(response, answer.watch)
  sendJson(response, 200, answer.body)
}

type Answer =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'object'; readonly body: object }
  | { readonly kind: 'watch'; readonly watch: ReceivedWatch }

function answerObjects(
  api: ClusterApi,
  user: User,
  path: ResourcePath,
  method: string,
  query: URLSearchParams,
  asTable: boolean,
): Answer {
  const { namespace, name } = path
  const { store } = api
  const resource = findResource(api.resources, path)
  const isWatch = isTrue(query.get('watch'))
  const verb = verbOf(method, isWatch ? 'watch' : name === undefined ? 'list' : 'get')
  const refused = (status: Status): Answer => ({ kind: 'status', status })

  const refusal = refuse(user, actionOf(path, verb))
  if (refusal !== undefined) return refused(refusal)
  if (resource === undefined || !isKnownSubresource(resource, path)) return refused(pathNotFound())
  if (!['get', 'list', 'watch'].includes(verb)) return refused(methodNotAllowed())
  if (name !== undefined && !isWatch) {
    const object = store.get(resource.plural, resource.namespaced ? namespace : undefined, name)
    return object === undefined
      ? refused(notFound(resource, name))
      : { kind: 'object', body: asTable ? tableOfOne(resource, object, query) : object }
  }
  let selector: Selector
  try {
    selector = parseSelectors(query)
  } catch (error) {
    if (error instanceof SelectorError) return refused(badRequest(error.message))
    throw error
  }
  if (isWatch) {
    const wrongVersion = checkWatchVersion(query)
    if (wrongVersion !== undefined) return refused(wrongVersion)
    const named: Selector =
      name === undefined ? selector : (object) => object.metadata.name === name && selector(object)
    return {
      kind: 'watch',
      watch: {
        store,
        resource,
        namespace,
        query,
        selector: named,
        asTable,
        bookmarkIntervalMs: api.bookmarkIntervalMs,
      },
    }
  }
  const page = takeListPage({
    objects: store.list(resource.plural, namespace).filter(selector),
    query,
    namespaced: namespace !== undefined,
    revision: store.revision(),
    compactedRevision: store.compactedRevision(),
  })
  if ('code' in page) return refused(page)
  if (asTable)
    return { kind: 'object', body: formatTable(resource.plural, page.items, page.metadata, query.get('includeObject')) }
  const items = page.items.map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item)
  return {
    kind: 'object',
    body: {
      kind: resource.listKind,
      apiVersion: groupVersion(resource.group, resource.version),
      metadata: page.metadata,
      items,
    },
  }
}

/** Returns whether a subresource can be read. Those that can, such as `ephemeralcontainers`, return the pod itself. */
function isKnownSubresource({ subresources }: Resource, { subresource }: ResourcePath): boolean {
  return subresource === undefined || subresources.some(({ name, kind }) => name === subresource && kind === 'Pod')
}

function tableOfOne(resource: Resource, object: KubeObject, query: URLSearchParams): object {
  return formatTable(
    resource.plural,
    [object],
    { resourceVersion: object.metadata.resourceVersion },
    query.get('includeObject'),
  )
}

function forbiddenPathOr404(user: User, method: string, path: string): Status {
  const isAdmin = user.rights.some((right) => right.verbs.includes('*') && right.resources.includes('*'))
  return isAdmin ? pathNotFound() : forbiddenPath(user.name, method.toLowerCase(), path)
}
