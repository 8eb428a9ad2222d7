import {
  failure,
  internalError,
  pathNotFound,
  qualified,
  type ResourceName,
  type Status,
  unauthorized,
} from '../../../src/demo/api/status.ts'

/** k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go, for a policy that names no reason. */
export function deniedByPolicy(pod: string, message: string): Status {
  const denial = `ValidatingAdmissionPolicy 'demo' with binding 'demo' denied request: ${message}`
  return failure(422, 'Invalid', `pods ${JSON.stringify(pod)} is forbidden: ${denial}`, { name: pod, kind: 'pods' })
}

/** The words a server under stress or maintenance uses. */
export function statusOfCode(code: number): Status {
  if (code === 401) return unauthorized()
  if (code === 403) return failure(403, 'Forbidden', 'forbidden: the demo cluster was told to refuse', {})
  if (code === 404) return pathNotFound()
  if (code === 429)
    return failure(429, 'TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: 1 })
  if (code === 503)
    return failure(503, 'ServiceUnavailable', 'the server is currently unable to handle the request', {
      retryAfterSeconds: 1,
    })
  if (code === 504)
    return failure(
      504,
      'Timeout',
      'the server was unable to return a response in the time allotted, but may still be processing the request',
      {},
    )
  return { ...internalError('etcdserver: request timed out'), code }
}

export function alreadyExists(resource: ResourceName, name: string): Status {
  return failure(409, 'AlreadyExists', `${qualified(resource)} ${JSON.stringify(name)} already exists`, {
    name,
    kind: resource.plural,
  })
}

export function conflict(resource: ResourceName, name: string, why: string): Status {
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} ${JSON.stringify(name)}: ${why}`,
    { name, kind: resource.plural },
  )
}

/** Returns the refusal of an admission plugin; `forbidden` is the refusal of the authorizer. */
export function notAdmitted(resource: ResourceName, name: string, why: string): Status {
  return failure(403, 'Forbidden', `${qualified(resource)} ${JSON.stringify(name)} is forbidden: ${why}`, {
    name,
    kind: resource.plural,
  })
}

export function unsupportedMediaType(accepted: readonly string[]): Status {
  return failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )
}
