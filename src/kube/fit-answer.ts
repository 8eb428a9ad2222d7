import { beginningOf, type Fit, flag, integer, listOf, mapOf, only, textUpTo } from './answer-shape.ts'

/**
 * Shapes of everything that kcap reads of API objects, whatever their kind; a list keeps nothing else of them. A field counts as missing when it is
 * null (as Go writes an empty list), has another type, or is longer than Kubernetes allows. The rest of kcap can therefore trust the types.
 * https://kubernetes.io/docs/reference/kubernetes-api/
 */
const label = textUpTo(63)
/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const name = textUpTo(253)
/** Opaque, short texts: UIDs, versions, container ids. */
const id = textUpTo(256)
const words = beginningOf(4_096)
/** Maximum number of labels, such as `db.example.com/KEY`. */
const maxLabels = 1_000
const ip = textUpTo(64)
const reference = only({ kind: label, name, namespace: label })
const address = only({ ip, targetRef: reference, type: label, address: name })

const metadata = only({
  name,
  namespace: label,
  uid: textUpTo(36),
  resourceVersion: id,
  // The API server's own token is an etcd key and some numbers.
  continue: textUpTo(8_192),
  creationTimestamp: label,
  deletionTimestamp: label,
  ownerReferences: listOf(only({ kind: label, name, controller: flag }), 20),
  labels: only({
    'job-name': label,
    'app.kubernetes.io/managed-by': label,
    'kcap/record': label,
    'kcap/record-namespace': label,
    'pod-security.kubernetes.io/enforce': label,
    'kubernetes.io/os': label,
  }),
  annotations: only({
    'kubernetes.io/config.hash': id,
    'kubernetes.io/config.mirror': id,
    'kubectl.kubernetes.io/default-container': label,
    'kcap/owner': beginningOf(512),
    'kcap/node': name,
    'kcap/recording': textUpTo(100_000),
  }),
})

const portNumber = integer(1, 65_535)
const container = only(
  {
    name: label,
    image: textUpTo(1_024),
    restartPolicy: label,
    securityContext: only({ privileged: flag }),
    ports: listOf(only({ containerPort: portNumber, protocol: label }, 'containerPort'), 100),
  },
  'name',
)
const containers = listOf(container, 300)

const spec = only({
  nodeName: name,
  hostNetwork: flag,
  os: only({ name: label }),
  nodeSelector: only({ 'kubernetes.io/os': label }),
  containers,
  initContainers: containers,
  ephemeralContainers: containers,
  clusterIP: ip,
  clusterIPs: listOf(ip, 10),
  type: label,
  externalName: name,
  // A map of labels in a service, another object in a workload; the reader knows which.
  selector: mapOf((value) => value, maxLabels),
})

const ending = only({ reason: words, message: words, exitCode: integer(-(2 ** 31), 2 ** 31) })
const containerStatus = only(
  {
    name: label,
    containerID: textUpTo(128),
    restartCount: integer(0, 2 ** 31),
    ready: flag,
    state: only({ running: only({}), waiting: ending, terminated: ending }),
    lastState: only({ terminated: ending }),
  },
  'name',
)
const containerStatuses = listOf(containerStatus, 300)

const status = only({
  phase: label,
  reason: words,
  message: words,
  hostIP: ip,
  podIP: ip,
  podIPs: listOf(only({ ip }), 2),
  conditions: listOf(only({ type: name, status: label, reason: words, message: words }), 100),
  containerStatuses,
  initContainerStatuses: containerStatuses,
  ephemeralContainerStatuses: containerStatuses,
  addresses: listOf(address, 100),
  nodeInfo: only({ operatingSystem: label, architecture: label, containerRuntimeVersion: name }),
  allowed: flag,
  userInfo: only({ username: textUpTo(1_024) }),
})

const ports = listOf(only({ port: portNumber, protocol: label }, 'port'), 100)
const addresses = listOf(address, 1_000)

const apiObject = only({
  kind: label,
  metadata,
  spec,
  status,
  // The addresses of a slice may be host names.
  endpoints: listOf(only({ targetRef: reference, addresses: listOf(name, 100) }), 1_000),
  ports,
  subsets: listOf(only({ addresses, notReadyAddresses: addresses, ports }), 100),
  minor: label,
})

/** Admits a cell, which may also be a number or an object; its position counts. */
const cell: Fit = (value) => (typeof value === 'number' ? String(value) : (words(value) ?? ''))
const row = only({ cells: listOf(cell, 100), object: apiObject })

const listHead = only({
  kind: label,
  metadata,
  columnDefinitions: listOf(only({ name, priority: integer(0, 100) }, 'name'), 100),
})

const statusOf = only({
  kind: label,
  status: label,
  message: words,
  reason: label,
  details: only({ kind: label, causes: listOf(only({ reason: label, message: words }), 100) }),
})

const watchEvent = only({ type: label, object: apiObject }, 'type', 'object')
const watchError = only({ type: label, object: statusOf }, 'type', 'object')

/** Fits an API object; returns undefined for anything else. */
export function fitAnswer(value: unknown): unknown {
  return apiObject(value)
}

/** Fits a list without its items. */
export function fitListHead(value: unknown): unknown {
  return listHead(value)
}

/** Fits an item of a list, or a row of a Table. */
export function fitListItem(value: unknown): unknown {
  return Object.hasOwn(value as object, 'cells') ? row(value) : apiObject(value)
}

/** Fits a `Status`, as in refusals and the ends of execs. */
export function fitStatus(value: unknown): unknown {
  return statusOf(value)
}

/** Fits an event of a watch; the object of an error is a `Status`. */
export function fitWatchEvent(value: unknown): unknown {
  const isError = (value as { type?: unknown } | null)?.type === 'ERROR'
  return isError ? watchError(value) : watchEvent(value)
}
