import type { ClusterAccess } from './cluster-access.ts'
import { type KubeRequest, requestObject } from './kube-request.ts'

export interface ObjectChange extends KubeRequest {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly body?: object
  readonly isRepeatable?: boolean
  /** Default `application/json`. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
  readonly contentType?: string
}

/** Creates, patches or deletes; returns the object as it is then. Throws `api-*` errors; a 404 gives undefined. */
export async function changeObject<Answer>(access: ClusterAccess, change: ObjectChange): Promise<Answer | undefined> {
  return await requestObject<Answer>(access, {
    ...change,
    contentType: change.contentType ?? 'application/json',
    body: change.body === undefined ? undefined : JSON.stringify(change.body),
  })
}
