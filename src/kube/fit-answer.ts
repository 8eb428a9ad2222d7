import { anything, type Fit, flag, listOf, mapOf, number, object, text } from './answer-shape.ts'

/**
 * All that kcap reads of the API's objects, whatever their kind. A field that is null, as Go writes an empty list, or something else than
 * it should be, counts as missing: the rest of kcap need not doubt what the types say.
 * https://kubernetes.io/docs/reference/kubernetes-api/
 */
const texts = mapOf(text)
const reference = object({ kind: text, name: text })
const address = object({ ip: text, targetRef: reference, type: text, address: text })

const metadata = object({
  name: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  continue: text,
  deletionTimestamp: text,
  labels: texts,
  annotations: texts,
})

const container = object(
  {
    name: text,
    image: text,
    restartPolicy: text,
    securityContext: object({ privileged: flag }),
    command: listOf(text),
  },
  'name',
)

const spec = object({
  nodeName: text,
  hostNetwork: flag,
  os: object({ name: text }),
  nodeSelector: texts,
  containers: listOf(container),
  initContainers: listOf(container),
  ephemeralContainers: listOf(container),
  clusterIP: text,
  clusterIPs: listOf(text),
  // A service has labels there, a workload another object: who reads it knows.
  selector: mapOf(anything),
})

const ending = object({ reason: text, message: text, exitCode: number })
const containerStatus = object(
  { name: text, containerID: text, state: object({ running: object({}), waiting: ending, terminated: ending }) },
  'name',
)

const status = object({
  phase: text,
  reason: text,
  message: text,
  hostIP: text,
  podIP: text,
  podIPs: listOf(object({ ip: text })),
  conditions: listOf(object({ type: text, status: text, reason: text })),
  containerStatuses: listOf(containerStatus),
  initContainerStatuses: listOf(containerStatus),
  ephemeralContainerStatuses: listOf(containerStatus),
  addresses: listOf(address),
  nodeInfo: object({ operatingSystem: text }),
  allowed: flag,
  userInfo: object({ username: text }),
})

const apiObject: Readonly<Record<string, Fit>> = {
  kind: text,
  metadata,
  spec,
  status,
  endpoints: listOf(object({ targetRef: reference })),
  subsets: listOf(
    object({
      addresses: listOf(address),
      notReadyAddresses: listOf(address),
      ports: listOf(object({ port: number }, 'port')),
    }),
  ),
}

const answer = object({
  ...apiObject,
  minor: text,
  items: listOf(object(apiObject)),
  columnDefinitions: listOf(object({ name: text }, 'name')),
  rows: listOf(object({ cells: listOf((cell) => cell ?? ''), object: object(apiObject) })),
})

const statusOf = object({
  kind: text,
  status: text,
  message: text,
  reason: text,
  details: object({ causes: listOf(object({ reason: text, message: text })) }),
})

const watchEvent = object({ type: text, object: object(apiObject) }, 'type', 'object')
const watchError = object({ type: text, object: statusOf }, 'type', 'object')

/** undefined for what is no object at all. */
export function fitAnswer(value: unknown): unknown {
  return answer(value)
}

/** A `Status`, as refusals and the ends of execs are. */
export function fitStatus(value: unknown): unknown {
  return statusOf(value)
}

/** An event of a watch; the object of an error is a `Status`. */
export function fitWatchEvent(value: unknown): unknown {
  const isError = (value as { type?: unknown } | null)?.type === 'ERROR'
  return isError ? watchError(value) : watchEvent(value)
}
