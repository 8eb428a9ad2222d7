import { isAuthorized, type User } from './authorize.ts'
import { type RequestHandler, readBody } from './request-handler.ts'
import { badRequest, methodNotAllowed, sendJson, sendStatus } from './status.ts'

interface ResourceAttributes {
  readonly namespace?: string
  readonly verb?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly name?: string
}

export interface ReviewSpec {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: object
}

const reviewPath = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

/**
 * Returns a handler that answers whether the user may do something.
 * https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
 */
export function makeAccessReview(readSpec: (body: Buffer) => ReviewSpec | undefined): RequestHandler {
  return async ({ request, response, method, url, user }) => {
    if (url.pathname !== reviewPath) return false
    const spec = method === 'POST' ? readSpec(await readBody(request)) : undefined
    if (method !== 'POST') sendStatus(response, methodNotAllowed())
    else if (spec === undefined)
      sendStatus(response, badRequest('the object provided is unrecognized (must be of type SelfSubjectAccessReview)'))
    else sendJson(response, 201, reviewAccess(user, spec))
    return true
  }
}

function reviewAccess(user: User, spec: ReviewSpec): object {
  const attributes = spec.resourceAttributes
  const allowed =
    attributes === undefined ||
    isAuthorized(user, {
      verb: attributes.verb ?? '',
      group: attributes.group ?? '',
      plural: attributes.resource ?? '',
      subresource: attributes.subresource || undefined,
      namespace: attributes.namespace || undefined,
      name: attributes.name || undefined,
    })
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec,
    status: allowed ? { allowed } : { allowed, reason: 'RBAC: no rule allows it' },
  }
}

/** Parses the request of kcap, and of kubectl up to 1.31. */
export function readJsonSpec(body: Buffer): ReviewSpec | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? ((parsed as { spec?: ReviewSpec }).spec ?? {}) : undefined
  } catch {
    return undefined
  }
}
