import type { DemoPods } from '../cluster/demo-pods.ts'
import {
  type Container,
  type EphemeralContainer,
  formatKubeTime,
  type KubeObject,
  type Pod,
} from '../cluster/kube-object.ts'
import { makeContainerId, makePod } from '../cluster/make-pod.ts'
import { refuse } from './authorize.ts'
import { type RequestHandler, readBody } from './request-handler.ts'
import { actionOf, type ResourcePath, verbOf } from './resource-path.ts'
import { badRequest, isStatus, methodNotAllowed, notFound, type Status, sendJson, sendStatus } from './status.ts'

/** Pod as a client sends it, with optional fields. */
type SentPod = { readonly metadata?: Partial<KubeObject['metadata']>; readonly spec?: Partial<Pod['spec']> }

const writes: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE']
const defaultAddress = '10.244.1.203'

/** Returns a handler for kcap's debug containers. It adds ephemeral containers, and creates and deletes pods. They run at once and unchecked. */
export function makeDebugContainers(pods: DemoPods): RequestHandler {
  return async ({ request, response, method, path, user }) => {
    if (path?.group !== '' || path.plural !== 'pods' || path.subresource === 'exec' || !writes.includes(method))
      return false
    const body = await readBody(request)
    const answer = refuse(user, actionOf(path, verbOf(method, 'get'))) ?? write(pods, method, path, body)
    if (isStatus(answer)) sendStatus(response, answer)
    else sendJson(response, method === 'POST' ? 201 : 200, answer)
    return true
  }
}

function write(pods: DemoPods, method: string, path: ResourcePath, body: Buffer): Pod | Status {
  const { namespace = '', name, subresource } = path
  if (name === undefined) return method === 'POST' ? createPod(pods, namespace, parsePod(body)) : methodNotAllowed()
  const pod = pods.find(`${namespace}/${name}`)
  if (pod === undefined) return notFound({ group: '', plural: 'pods' }, name)
  if (method === 'PATCH' && subresource === 'ephemeralcontainers')
    return pods.put(withEphemeralContainers(pod, parsePod(body).spec?.ephemeralContainers ?? []))
  if (method !== 'DELETE' || subresource !== undefined) return methodNotAllowed()
  pods.drop(`${namespace}/${name}`)
  return pod
}

/**
 * Parses a pod.
 * @throws {TypeError} when the body is no JSON object; the answer is then 400
 */
function parsePod(body: Buffer): SentPod {
  let sent: unknown
  try {
    sent = JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new TypeError("couldn't get version/kind; json parse error", { cause: error })
  }
  if (typeof sent !== 'object' || sent === null) throw new TypeError('it is no object')
  return sent
}

function createPod(pods: DemoPods, namespace: string, { metadata, spec = {} }: SentPod): Pod | Status {
  const { containers, nodeName, hostNetwork } = spec
  if (metadata?.name === undefined || containers === undefined) return badRequest('the pod has no name or containers')
  const { name } = metadata
  const made = makePod(
    {
      namespace,
      name,
      containers,
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(hostNetwork === undefined ? {} : { hostNetwork }),
    },
    defaultAddress,
  )
  return pods.put({ ...made, metadata: { ...metadata, ...made.metadata }, spec: { ...made.spec, ...spec, containers } })
}

function withEphemeralContainers(pod: Pod, added: readonly EphemeralContainer[]): Pod {
  const { spec, status } = pod
  const { ephemeralContainers = [] } = spec
  const { ephemeralContainerStatuses = [] } = status
  const fresh = added.filter(({ name }) => ephemeralContainers.every((known) => known.name !== name))
  return {
    ...pod,
    spec: { ...spec, ephemeralContainers: [...ephemeralContainers, ...fresh] },
    status: {
      ...status,
      ephemeralContainerStatuses: [
        ...ephemeralContainerStatuses,
        ...fresh.map((container) => runContainer(pod, container)),
      ],
    },
  }
}

function runContainer(pod: Pod, { name, image }: Container) {
  return {
    name,
    image,
    imageID: '',
    containerID: makeContainerId(pod, name, 0),
    state: { running: { startedAt: formatKubeTime(Date.now()) } },
    lastState: {},
    ready: false,
    restartCount: 0,
  }
}
