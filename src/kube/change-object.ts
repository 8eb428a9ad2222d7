import type { ClusterAccess } from './cluster-access.ts'
import { toApiError } from './kube-error.ts'
import { type KubeRequest, parseAnswer, sendRequest } from './kube-request.ts'

export interface ObjectChange extends KubeRequest {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly body?: object
  /** Default `application/json`. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
  readonly contentType?: string
}

/** Creates, patches or deletes; gives the object as it is then. Throws `api-*` errors; a 404 gives undefined. */
export async function changeObject<Answer>(access: ClusterAccess, change: ObjectChange): Promise<Answer | undefined> {
  const { status, body } = await sendRequest(access, {
    ...change,
    contentType: change.contentType ?? 'application/json',
    body: change.body === undefined ? undefined : JSON.stringify(change.body),
  })
  if (status === 404) return undefined
  if (status < 200 || status > 299) throw toApiError(access.server, change.action, status, body)
  return parseAnswer<Answer>(access, change, body)
}
