import { changeObject } from './change-object.ts'
import type { ClusterAccess } from './cluster-access.ts'
import type { Verb } from './grant.ts'

/** Permission to do one thing in a cluster. */
export interface Right {
  readonly verb: Verb
  /** `pods`, `pods/exec`. */
  readonly resource: string
  /** Namespace; undefined: the whole cluster. */
  readonly namespace: string | undefined
  readonly apiGroup?: string
}

/**
 * Returns whether the login has a permission; undefined when the API server does not say.
 * https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
 */
export async function mayDo(access: ClusterAccess, right: Right, signal: AbortSignal): Promise<boolean | undefined> {
  const [resource, subresource] = right.resource.split('/')
  const { verb, namespace, apiGroup } = right
  try {
    const review = await changeObject<{ status?: { allowed?: boolean } }>(access, {
      method: 'POST',
      isRepeatable: true,
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: {
          resourceAttributes: {
            verb,
            resource,
            ...(subresource !== undefined && { subresource }),
            ...(namespace !== undefined && { namespace }),
            ...(apiGroup !== undefined && { group: apiGroup }),
          },
        },
      },
      action: { verb: 'create', resource: 'selfsubjectaccessreviews', apiGroup: 'authorization.k8s.io' },
      signal,
    })
    return review?.status?.allowed
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

/** Returns the user that the API server knows for the login; undefined before Kubernetes 1.28, which can't answer that. */
export async function getUserName(access: ClusterAccess, signal: AbortSignal): Promise<string | undefined> {
  try {
    const review = await changeObject<{ status?: { userInfo?: { username?: string } } }>(access, {
      method: 'POST',
      isRepeatable: true,
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      action: { verb: 'create', resource: 'selfsubjectreviews', apiGroup: 'authentication.k8s.io' },
      signal,
    })
    return review?.status?.userInfo?.username
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
