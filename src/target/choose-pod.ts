import { isIP } from 'node:net'
import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { type Hint, line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { PodTarget } from '../base/target.ts'
import { refuseWindows } from './refuse-windows.ts'

export interface PodChoice {
  readonly cluster: PodTarget['cluster']
  readonly context: string
  /** As the user named it; undefined: kcap chooses. */
  readonly container: string | undefined
}

/**
 * A pod of the API as a target: it must run, and one of its containers is chosen. All containers of a pod share one network, so
 * any that runs will do. Throws `pod-not-running`, `container-not-found`, `windows-node`.
 */
export function choosePod(pod: V1Pod, choice: PodChoice): PodTarget {
  const namespace = pod.metadata?.namespace ?? ''
  const name = pod.metadata?.name ?? ''
  if ((pod.spec?.os?.name ?? pod.spec?.nodeSelector?.['kubernetes.io/os']) === 'windows')
    throw refuseWindows(`${namespace}/${name}`)
  const phase = pod.status?.phase ?? 'Unknown'
  if (phase !== 'Running') throw notRunning(namespace, name, describePhase(pod, phase))
  const container = chooseContainer(pod, namespace, name, choice.container)
  return {
    kind: 'pod',
    cluster: choice.cluster,
    context: choice.context,
    namespace,
    pod: name,
    uid: pod.metadata?.uid ?? '',
    ...readCgroupUid(pod),
    container,
    containerId: containerStatuses(pod).find((status) => status.name === container)?.containerID ?? '',
    node: pod.spec?.nodeName,
    ...(pod.status?.hostIP === undefined ? {} : { nodeAddress: pod.status.hostIP }),
    addresses: (pod.status?.podIPs ?? [{ ip: pod.status?.podIP ?? '' }]).map(({ ip }) => ip).filter(isIP),
    hostNetwork: pod.spec?.hostNetwork === true,
  }
}

/**
 * Pods that the kubelet made from a file have cgroups named after the hash of that file. It says so in two equal annotations, of which only
 * the kubelet can set the second (validation of pods: mirror annotations can be neither added nor changed); anybody can set the first, to the UID of
 * whatever pod.
 */
function readCgroupUid({ metadata }: V1Pod): Pick<PodTarget, 'cgroupUid' | 'isStatic'> {
  const mirror = metadata?.annotations?.['kubernetes.io/config.mirror']
  const isStatic = mirror !== undefined
  const uid = isStatic && mirror === metadata?.annotations?.['kubernetes.io/config.hash'] ? mirror : metadata?.uid
  return { cgroupUid: uid !== undefined && /^[0-9a-f-]{32,36}$/.test(uid) ? uid : undefined, isStatic }
}

function chooseContainer(pod: V1Pod, namespace: string, name: string, wanted: string | undefined): string {
  const containers: readonly V1Container[] = pod.spec?.containers ?? []
  const states = containerStatuses(pod)
  const stateOf = (container: string) => states.find((status) => status.name === container)?.state
  if (wanted !== undefined) {
    const known = [
      ...containers.map((container) => container.name),
      ...(pod.spec?.ephemeralContainers ?? []).map((container) => container.name),
    ]
    if (!known.includes(wanted)) {
      throw new KcapError(
        'container-not-found',
        `cannot capture "${namespace}/${name}": it has no container "${wanted}"`,
        {
          hints: known.map((container) => line('kcap', `${namespace}/${name}`, '--container', container)),
        },
      )
    }
    const state = stateOf(wanted)
    if (state?.running === undefined) {
      const others = known.filter((container) => stateOf(container)?.running !== undefined)
      throw notRunning(
        namespace,
        name,
        `its container "${wanted}" is ${state?.waiting?.reason ?? state?.terminated?.reason ?? 'not running'}`,
        others.map((container) => line('kcap', `${namespace}/${name}`, '--container', container)),
      )
    }
    return wanted
  }
  const hasEnded = (container: string) =>
    stateOf(container)?.terminated !== undefined || stateOf(container)?.waiting?.reason === 'CrashLoopBackOff'
  // What `kubectl exec` takes without -c, if it runs.
  const preferred = pod.metadata?.annotations?.['kubectl.kubernetes.io/default-container']
  const order = containers
    .map((container) => container.name)
    .sort((a, b) => Number(b === preferred) - Number(a === preferred))
  const running = order.find((container) => stateOf(container)?.running !== undefined)
  if (running !== undefined) return running
  const reasons = order
    .map((container) => stateOf(container)?.waiting?.reason ?? stateOf(container)?.terminated?.reason)
    .filter((reason) => reason !== undefined)
  const ended = order.find(hasEnded)
  throw notRunning(
    namespace,
    name,
    `no container of it runs (${[...new Set(reasons)].join(', ') || 'no state yet'})`,
    ended === undefined ? [] : [line('kubectl', 'logs', '-n', namespace, name, '-c', ended, '--previous')],
  )
}

function containerStatuses({ status }: V1Pod): readonly V1ContainerStatus[] {
  return [...(status?.containerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])]
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
