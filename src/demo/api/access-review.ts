import { mayDo, type User } from './authorize.ts'
import { readFields, readProtobufObject } from './read-protobuf.ts'
import { badRequest, type Status } from './status.ts'

interface ResourceAttributes {
  readonly namespace?: string
  readonly verb?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly name?: string
}

interface ReviewSpec {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: object
}

/** `kubectl auth can-i`. https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/ */
export function reviewAccess(user: User, body: Buffer): object | Status {
  const spec = readSpec(body)
  if (spec === undefined)
    return badRequest('the object provided is unrecognized (must be of type SelfSubjectAccessReview)')
  const attributes = spec.resourceAttributes
  const allowed =
    attributes === undefined ||
    mayDo(user, {
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

/** `kubectl auth whoami`. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/ */
export function reviewUser({ name }: User): object {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    status: { userInfo: { username: name, groups: ['system:authenticated'] } },
  }
}

/** JSON, or the protobuf that kubectl sends since 1.32. */
function readSpec(body: Buffer): ReviewSpec | undefined {
  const review = readProtobufObject(body)
  if (review !== undefined) return readProtobufSpec(review.get(2))
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? ((parsed as { spec?: ReviewSpec }).spec ?? {}) : undefined
  } catch {
    return undefined
  }
}

/** Field numbers of k8s.io/api/authorization/v1/generated.proto. */
function readProtobufSpec(spec: Buffer | undefined): ReviewSpec {
  const attributes = spec === undefined ? undefined : readFields(spec).get(1)
  if (attributes === undefined) return {}
  const fields = readFields(attributes)
  const text = (field: number) => fields.get(field)?.toString('utf8') ?? ''
  return {
    resourceAttributes: {
      namespace: text(1),
      verb: text(2),
      group: text(3),
      resource: text(5),
      subresource: text(6),
      name: text(7),
    },
  }
}
