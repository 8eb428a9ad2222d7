import type { ClusterAccess } from './cluster-access.ts'
import { type KubeRequest, requestObject } from './kube-request.ts'

export interface ObjectChange extends KubeRequest {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly body?: object
  readonly isRepeatable?: boolean
  /** Media type of the body; default `application/json`. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
  readonly contentType?: string
}

/**
 * Creates, patches or deletes an object; returns it as it is then, undefined for a 404.
 * @throws {KcapError} api-*, admission-refused — when the request fails or is refused
 */
export async function changeObject<Answer>(access: ClusterAccess, change: ObjectChange): Promise<Answer | undefined> {
  return await requestObject<Answer>(access, {
    ...change,
    contentType: change.contentType ?? 'application/json',
    body: change.body === undefined ? undefined : JSON.stringify(change.body),
  })
}
