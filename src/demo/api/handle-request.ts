import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KubeObject } from '../cluster/kube-object.ts'
import { groupVersion, type Resource } from '../cluster/resources.ts'
import { reviewAccess, reviewUser } from './access-review.ts'
import { type Action, refuse, type User } from './authorize.ts'
import { findDiscoveryDocument, isServed } from './discovery.ts'
import { takeListPage } from './list-page.ts'
import { isPodWrite, type PodWriter, writePod } from './pods/write-pods.ts'
import { parseResourcePath, type ResourcePath } from './resource-path.ts'
import { parseSelectors, type Selector, SelectorError } from './selectors.ts'
import {
  badRequest,
  forbiddenPath,
  isStatus,
  methodNotAllowed,
  notFound,
  pathNotFound,
  type Status,
  sendJson,
  sendStatus,
} from './status.ts'
import { formatTable, wantsTable } from './table.ts'
import { checkWatchVersion, isTrue, serveWatch, type WatchRequest } from './watch.ts'

export interface RequestContext extends PodWriter {
  readonly user: User
  readonly bookmarkIntervalMs: number
  /** Whether `discovery.k8s.io` is there. */
  readonly hasEndpointSlices: boolean
}

/** Answers one request of a known user. Exec is a connection upgrade and goes another way. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://demo')
  const method = request.method ?? 'GET'
  const document =
    method === 'GET' ? findDiscoveryDocument(url.pathname, request.headers.host ?? '', context) : undefined
  if (document !== undefined) return sendJson(response, 200, document)
  if (/^\/(healthz|livez|readyz)$/.test(url.pathname)) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end('ok')
    return
  }
  if (url.pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') {
    if (method !== 'POST') return sendStatus(response, methodNotAllowed())
    const answer = reviewAccess(context.user, await readBody(request))
    return sendJson(response, 'code' in answer ? Number(answer.code) : 201, answer)
  }
  if (url.pathname === '/apis/authentication.k8s.io/v1/selfsubjectreviews') {
    if (method !== 'POST') return sendStatus(response, methodNotAllowed())
    await readBody(request)
    return sendJson(response, 201, reviewUser(context.user))
  }
  const path = parseResourcePath(url.pathname)
  if (path === undefined) return sendStatus(response, forbiddenPathOr404(context.user, method, url.pathname))
  if (path.subresource === 'exec')
    return sendStatus(
      response,
      refuse(context.user, actionOf(path, execVerb(method))) ?? badRequest('Upgrade request required'),
    )
  if (isPodWrite(path, method)) {
    const refusal = refuse(context.user, actionOf(path, verbOf(method, 'get')))
    if (refusal !== undefined) return sendStatus(response, refusal)
    const contentType = request.headers['content-type']
    const body = await readBody(request)
    const isDryRun = url.searchParams.get('dryRun') === 'All'
    const written = writePod(context, { method, path, query: url.searchParams, isDryRun, contentType, body })
    return isStatus(written) ? sendStatus(response, written) : sendJson(response, written.code, written.pod)
  }
  const answer = answerObjects(context, path, method, url.searchParams, wantsTable(request.headers.accept))
  if (answer.kind === 'status') return sendStatus(response, answer.status)
  if (answer.kind === 'watch') return serveWatch(response, answer.watch)
  sendJson(response, 200, answer.body)
}

/** kubectl's SPDY exec is a POST and needs `create`, a WebSocket is a GET. */
export function execVerb(method: string): string {
  return method === 'POST' ? 'create' : 'get'
}

export function actionOf(path: ResourcePath, verb: string): Action {
  // A Namespace is its own namespace for the authorizer.
  const namespace = path.plural === 'namespaces' ? path.name : path.namespace
  return { verb, group: path.group, plural: path.plural, subresource: path.subresource, namespace, name: path.name }
}

type Answer =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'object'; readonly body: object }
  | { readonly kind: 'watch'; readonly watch: WatchRequest }

function answerObjects(
  context: RequestContext,
  path: ResourcePath,
  method: string,
  query: URLSearchParams,
  asTable: boolean,
): Answer {
  const { resource, namespace, name } = path
  const { store } = context
  const isWatch = isTrue(query.get('watch'))
  const verb = verbOf(method, isWatch ? 'watch' : name === undefined ? 'list' : 'get')
  const refused = (status: Status): Answer => ({ kind: 'status', status })

  const refusal = refuse(context.user, actionOf(path, verb))
  if (refusal !== undefined) return refused(refusal)
  if (resource === undefined || !isServed(resource, context) || !isKnownSubresource(context, path))
    return refused(pathNotFound())
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
        bookmarkIntervalMs: context.bookmarkIntervalMs,
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

/** `ephemeralcontainers` reads as the pod itself. */
function isKnownSubresource(context: RequestContext, { resource, subresource }: ResourcePath): boolean {
  if (subresource === undefined) return true
  return context.hasEphemeralContainers && resource?.kind === 'Pod' && subresource === 'ephemeralcontainers'
}

function tableOfOne(resource: Resource, object: KubeObject, query: URLSearchParams): object {
  return formatTable(
    resource.plural,
    [object],
    { resourceVersion: object.metadata.resourceVersion },
    query.get('includeObject'),
  )
}

function verbOf(method: string, readVerb: string): string {
  const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
  return verbs[method] ?? readVerb
}

function forbiddenPathOr404(user: User, method: string, path: string): Status {
  const isAdmin = user.rights.some((right) => right.verbs.includes('*') && right.resources.includes('*'))
  return isAdmin ? pathNotFound() : forbiddenPath(user.name, method.toLowerCase(), path)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
