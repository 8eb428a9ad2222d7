import { isIP } from 'node:net'
import type { V1Pod } from '@kubernetes/client-node'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PodTarget } from '../base/target.ts'
import { isRunning, listContainers, type PodContainer } from '../kube/pod-containers.ts'
import { refuseWindows } from './refuse-windows.ts'

export interface PodChoice {
  readonly cluster: PodTarget['cluster']
  readonly context: string
  /** Container that the user named; undefined: kcap chooses. */
  readonly container: string | undefined
  /** Node that the user named; undefined: any. */
  readonly onNode?: string | undefined
}

/**
 * Returns a pod of the API as a target, with one of its containers. All containers of a pod share one network, so any running one will do.
 * @throws {KcapError} pod-not-running — when the pod or the container does not run
 * @throws {KcapError} container-not-found — when the pod has no such container
 * @throws {KcapError} windows-node — when the pod runs on Windows
 * @throws {KcapError} pod-not-on-node — when the pod runs on another node than the user named
 */
export function choosePod(pod: V1Pod, choice: PodChoice): PodTarget {
  const namespace = pod.metadata?.namespace ?? ''
  const name = pod.metadata?.name ?? ''
  if ((pod.spec?.os?.name ?? pod.spec?.nodeSelector?.['kubernetes.io/os']) === 'windows')
    throw refuseWindows(`${namespace}/${name}`)
  const phase = pod.status?.phase ?? 'Unknown'
  const containers = listContainers(pod)
  // A pod is Pending while its init containers run.
  if (phase !== 'Running' && !(phase === 'Pending' && containers.some(isRunning)))
    throw notRunning(namespace, name, describePhase(pod, phase))
  const node = pod.spec?.nodeName
  if (choice.onNode !== undefined && node !== choice.onNode)
    throw onOtherNode(`${namespace}/${name}`, node, choice.onNode)
  const { name: container, status } = chooseContainer(pod, containers, choice.container)
  return {
    kind: 'pod',
    cluster: choice.cluster,
    context: choice.context,
    namespace,
    pod: name,
    uid: pod.metadata?.uid ?? '',
    ...readCgroupUid(pod),
    container,
    containerId: status?.containerID ?? '',
    node,
    ...(pod.status?.hostIP === undefined ? {} : { nodeAddress: pod.status.hostIP }),
    addresses: (pod.status?.podIPs ?? [{ ip: pod.status?.podIP ?? '' }]).map(({ ip }) => ip).filter(isIP),
    hostNetwork: pod.spec?.hostNetwork === true,
  }
}

function onOtherNode(target: string, node: string | undefined, onNode: string): KcapError {
  const state = node === undefined ? 'it is on no node yet' : `it runs on node "${node}", not on "${onNode}"`
  return new KcapError('pod-not-on-node', `cannot capture "${target}": ${state}`, { hints: ['leave --on-node out'] })
}

/**
 * Returns the UID in the names of the pod's cgroups. A pod that the kubelet made from a file has the hash of that file there. The kubelet publishes
 * the hash in two equal annotations. Only the kubelet can set `config.mirror` (validation of pods: mirror annotations can be neither added nor
 * changed). Anybody can set `config.hash`, to the UID of any pod.
 */
function readCgroupUid({ metadata }: V1Pod): Pick<PodTarget, 'cgroupUid' | 'isStatic'> {
  const mirror = metadata?.annotations?.['kubernetes.io/config.mirror']
  const isStatic = mirror !== undefined
  const uid = isStatic && mirror === metadata?.annotations?.['kubernetes.io/config.hash'] ? mirror : metadata?.uid
  return { cgroupUid: uid !== undefined && /^[0-9a-f-]{32,36}$/.test(uid) ? uid : undefined, isStatic }
}

function chooseContainer(pod: V1Pod, containers: readonly PodContainer[], wanted: string | undefined): PodContainer {
  const namespace = pod.metadata?.namespace ?? ''
  const name = pod.metadata?.name ?? ''
  const captureHint = (container: PodContainer) => line('kcap', `${namespace}/${name}`, '--container', container.name)
  if (wanted !== undefined) {
    const found = containers.find((container) => container.name === wanted)
    if (found === undefined)
      throw new KcapError(
        'container-not-found',
        `cannot capture "${namespace}/${name}": it has no container "${wanted}"`,
        { hints: containers.filter(isOffered).map(captureHint) },
      )
    if (isRunning(found)) return found
    const state = describeState(found) ?? 'not running'
    throw notRunning(
      namespace,
      name,
      `its container "${wanted}" is ${state}`,
      containers.filter((container) => isOffered(container) && isRunning(container)).map(captureHint),
    )
  }
  // The container that `kubectl exec` takes without -c, if it runs.
  const preferred = pod.metadata?.annotations?.['kubectl.kubernetes.io/default-container']
  const order = containers.filter(isOffered).sort((a, b) => Number(b.name === preferred) - Number(a.name === preferred))
  const running = order.find(isRunning)
  if (running !== undefined) return running
  const reasons = order.map(describeState).filter((reason) => reason !== undefined)
  const ended = order.find(
    ({ status }) => status?.state?.terminated !== undefined || status?.state?.waiting?.reason === 'CrashLoopBackOff',
  )
  throw notRunning(
    namespace,
    name,
    `no container of it runs (${[...new Set(reasons)].join(', ') || 'no state yet'})`,
    ended === undefined ? [] : [line('kubectl', 'logs', '-n', namespace, name, '-c', ended.name, '--previous')],
  )
}

/** Reports whether kcap may suggest the container: debug containers are somebody's own. */
function isOffered({ kind }: PodContainer): boolean {
  return kind !== 'ephemeral'
}

function describeState({ status }: PodContainer): string | undefined {
  return status?.state?.waiting?.reason ?? status?.state?.terminated?.reason
}

function describePhase(pod: V1Pod, phase: string): string {
  const waiting = (pod.status?.containerStatuses ?? [])
    .map((status) => status.state?.waiting?.reason)
    .find((reason) => reason !== undefined)
  const condition = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  const detail = waiting ?? condition?.reason ?? pod.status?.reason
  return `it is ${phase}${detail === undefined ? '' : ` (${detail})`}`
}

function notRunning(namespace: string, name: string, state: string, hints: readonly Hint[] = []): KcapError {
  return new KcapError('pod-not-running', `cannot capture "${namespace}/${name}": ${state}`, {
    hints: [...hints, line('kubectl', 'describe', 'pod', '-n', namespace, name)],
  })
}
