import type { ServerResponse } from 'node:http'

/** Kubernetes `Status` object, with the messages of k8s.io/apimachinery/pkg/api/errors. */
export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: Record<string, never>
  readonly status: 'Failure'
  readonly message: string
  readonly reason?: string
  readonly details?: Record<string, unknown>
  readonly code: number
}

export function isStatus(answer: { readonly kind?: unknown }): answer is Status {
  return answer.kind === 'Status'
}

export interface ResourceName {
  readonly group: string
  readonly plural: string
  readonly subresource?: string | undefined
}

export function failure(code: number, reason: string, message: string, details?: Record<string, unknown>): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  }
}

export function unauthorized(): Status {
  return failure(401, 'Unauthorized', 'Unauthorized')
}

export function badRequest(message: string): Status {
  return failure(400, 'BadRequest', message)
}

export function notFound(resource: ResourceName, name: string): Status {
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural }
  return failure(404, 'NotFound', `${qualified(resource)} ${JSON.stringify(name)} not found`, details)
}

export function pathNotFound(): Status {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {})
}

export function methodNotAllowed(): Status {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}

export interface ForbiddenAction {
  readonly user: string
  readonly verb: string
  readonly resource: ResourceName
  readonly namespace: string | undefined
  readonly name: string | undefined
}

/** Returns the refusal as worded in k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, forbiddenMessage. */
export function forbidden(action: ForbiddenAction): Status {
  const { resource, name } = action
  const asked = resource.subresource === undefined ? resource.plural : `${resource.plural}/${resource.subresource}`
  const scope =
    action.namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(action.namespace)}`
  const subject = name === undefined ? qualified(resource) : `${qualified(resource)} ${JSON.stringify(name)}`
  const message = `${subject} is forbidden: User ${JSON.stringify(action.user)} cannot ${action.verb} resource "${asked}" in API group "${resource.group}" ${scope}`
  const details = {
    ...(name === undefined ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  }
  return failure(403, 'Forbidden', message, details)
}

export function forbiddenPath(user: string, verb: string, path: string): Status {
  return failure(
    403,
    'Forbidden',
    `forbidden: User ${JSON.stringify(user)} cannot ${verb} path ${JSON.stringify(path)}`,
    {},
  )
}

export function expired(message: string): Status {
  return failure(410, 'Expired', message)
}

export function internalError(text: string): Status {
  return failure(500, 'InternalError', `Internal error occurred: ${text}`, { causes: [{ message: text }] })
}

export function qualified(resource: ResourceName): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`)
  response.writeHead(code, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-cache, private',
    'Content-Length': bytes.length,
  })
  response.end(bytes)
}

export function sendStatus(response: ServerResponse, status: Status): void {
  if (status.code === 429 || status.code === 503) response.setHeader('Retry-After', '1')
  sendJson(response, status.code, status)
}
