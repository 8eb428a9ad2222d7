import { badRequest, type Status } from '../api/status.ts'
import { isTrue } from '../api/watch.ts'
import type { Pod } from '../cluster/kube-object.ts'

/** Content of `PodExecOptions`. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface ReceivedExec {
  readonly container: string
  readonly argv: readonly string[]
  readonly hasStdin: boolean
  readonly hasStdout: boolean
  readonly hasStderr: boolean
}

export function parseExecRequest(pod: Pod, query: URLSearchParams): ReceivedExec | Status {
  const { name } = pod.metadata
  const { spec } = pod
  const containers = spec.containers.map((container) => container.name)
  const others = [...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])].map(({ name: other }) => other)
  const asked = query.get('container') ?? ''
  if (asked === '' && containers.length > 1) {
    return badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`)
  }
  const container = asked === '' ? (containers[0] ?? '') : asked
  if (![...containers, ...others].includes(container))
    return badRequest(`container ${container} is not valid for pod ${name}`)
  if (spec.nodeName === undefined) return badRequest(`pod ${name} does not have a host assigned`)
  const hasStdin = isTrue(query.get('stdin'))
  const hasStdout = isTrue(query.get('stdout'))
  const hasStderr = isTrue(query.get('stderr'))
  if (!hasStdin && !hasStdout && !hasStderr) return badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return { container, argv: query.getAll('command'), hasStdin, hasStdout, hasStderr }
}

export function isContainerRunning(pod: Pod, container: string): boolean {
  const { containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status
  return [...containerStatuses, ...ephemeralContainerStatuses].some(
    (status) => status.name === container && status.state.running !== undefined,
  )
}
