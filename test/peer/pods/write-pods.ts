import { refuse } from '../../../src/demo/api/authorize.ts'
import { type RequestHandler, readBody } from '../../../src/demo/api/request-handler.ts'
import { actionOf, verbOf } from '../../../src/demo/api/resource-path.ts'
import {
  isStatus,
  methodNotAllowed,
  notFound,
  pathNotFound,
  type Status,
  sendJson,
  sendStatus,
} from '../../../src/demo/api/status.ts'
import type { Pod } from '../../../src/demo/cluster/kube-object.ts'
import { createPod } from './create-pod.ts'
import { deletePod } from './delete-pod.ts'
import type { PodWrite, PodWriter } from './pod-write.ts'
import { updatePod } from './update-pod.ts'

interface WrittenPod {
  readonly kind: 'written'
  readonly code: number
  readonly pod: Pod
}

const methods: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE']

/** Answers writes to pods and to their `ephemeralcontainers`. */
export function makePodWrites(writer: PodWriter): RequestHandler {
  return async ({ request, response, method, url, path, user }) => {
    if (path?.group !== '' || path.version !== 'v1' || path.plural !== 'pods' || !methods.includes(method)) return false
    if (path.subresource === 'exec') return false
    const refusal = refuse(user, actionOf(path, verbOf(method, 'get')))
    const written =
      refusal ??
      writePod(writer, {
        method,
        path,
        query: url.searchParams,
        isDryRun: url.searchParams.get('dryRun') === 'All',
        contentType: request.headers['content-type'],
        body: await readBody(request),
      })
    if (isStatus(written)) sendStatus(response, written)
    else sendJson(response, written.code, written.pod)
    return true
  }
}

/** Writes a pod for a user who has the right. */
function writePod(writer: PodWriter, write: PodWrite): WrittenPod | Status {
  const { method, path } = write
  const { namespace = '', name, subresource } = path
  if (subresource !== undefined && !(subresource === 'ephemeralcontainers' && writer.hasEphemeralContainers))
    return pathNotFound()
  if (name === undefined) {
    if (method !== 'POST' || path.namespace === undefined) return methodNotAllowed()
    return answer(201, createPod(writer, namespace, write))
  }
  const isWanted = method === 'PUT' || method === 'PATCH' || (method === 'DELETE' && subresource === undefined)
  if (!isWanted) return methodNotAllowed()
  const present = writer.pods.find(`${namespace}/${name}`)
  if (present === undefined) return notFound({ group: '', plural: 'pods' }, name)
  return answer(200, method === 'DELETE' ? deletePod(writer, present, write) : updatePod(writer, present, write))
}

function answer(code: number, pod: Pod | Status): WrittenPod | Status {
  return isStatus(pod) ? pod : { kind: 'written', code, pod }
}
