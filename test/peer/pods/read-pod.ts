import { badRequest, type Status } from '../../../src/demo/api/status.ts'
import type { Pod } from '../../../src/demo/cluster/kube-object.ts'
import { unsupportedMediaType } from '../api/failures.ts'
import { isJsonFields, type JsonFields } from '../api/json-fields.ts'

/** The pod in a request's body, as the client sent it. */
export function readPod(body: Buffer, contentType: string | undefined, namespace: string): JsonFields | Status {
  const type = (contentType ?? 'application/json').split(';')[0]?.trim()
  if (type !== 'application/json') return unsupportedMediaType(['application/json'])
  let sent: unknown
  try {
    sent = JSON.parse(body.toString('utf8'))
  } catch (error) {
    return badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
  const { kind = 'Pod', apiVersion = 'v1', metadata = {}, spec } = sent as Partial<Pod>
  if (kind !== 'Pod' || apiVersion !== 'v1')
    return badRequest(`${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a Pod`)
  if (!isJsonFields(sent) || !isJsonFields(metadata) || (spec !== undefined && !isJsonFields(spec)))
    return badRequest('Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal')
  if (metadata.namespace !== undefined && metadata.namespace !== namespace)
    return badRequest('the namespace of the provided object does not match the namespace sent on the request')
  return sent
}
