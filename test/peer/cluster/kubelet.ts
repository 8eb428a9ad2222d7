import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  formatKubeTime,
  type Pod,
} from '../../../src/demo/cluster/kube-object.ts'
import { makeContainerId, nodeAddresses } from '../../../src/demo/cluster/make-pod.ts'
import { makeHexId } from '../../../src/demo/random/seeded-random.ts'
import { planContainerStart, waitingToStart } from './container-start.ts'
import type { PeerPods } from './peer-pods.ts'
import { podConditions } from './pod-conditions.ts'

export interface KubeletSettings {
  readonly pods: PeerPods
  readonly startDelayMs: number
  readonly missingImages: readonly string[]
  readonly onContainersKilled: (id: string, containers?: readonly string[]) => void
}

/** The nodes' kubelets, for pods and ephemeral containers that came through the API. */
export interface Kubelet {
  /** Starts what the pod has and nobody has started yet. */
  sync(pod: Pod): void
  /** A deleted pod is gone after its grace period, or sooner. */
  terminate(pod: Pod, graceSeconds: number): Pod
  /** A container's main process ends. */
  endContainer(id: string, container: string, exitCode: number): void
  /** Ends all timers. */
  close(): void
}

type StatusList = 'containerStatuses' | 'ephemeralContainerStatuses'

const killedExitCode = 137
/** A longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1

export function makeKubelet(settings: KubeletSettings): Kubelet {
  const { pods, startDelayMs } = settings
  const timers = new Set<NodeJS.Timeout>()
  let addresses = 0

  const idOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`
  /** Changes the pod later, if it is then still there. */
  const later = (pod: Pod, delayMs: number, change: (pod: Pod) => void) => {
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        const present = pods.find(idOf(pod))
        if (present?.metadata.uid === pod.metadata.uid) change(present)
      },
      Math.min(delayMs, longestTimerMs),
    )
    timers.add(timer)
  }
  const isOver = ({ metadata, status }: Pod) =>
    metadata.deletionTimestamp !== undefined || status.phase === 'Failed' || status.phase === 'Succeeded'

  const start = (pod: Pod, list: StatusList, containers: readonly Container[]) => {
    for (const container of containers) {
      const plan = planContainerStart(pod, container, settings.missingImages)
      for (const [i, state] of plan.entries()) {
        later(pod, startDelayMs * (i + 1), (present) => {
          if (!isOver(present)) pods.update(idOf(pod), (changed) => setState(changed, list, container.name, state()))
        })
      }
    }
  }
  const startPod = (pod: Pod, hostIp: string) => {
    const { containers, hostNetwork = false, activeDeadlineSeconds } = pod.spec
    const ip = hostNetwork ? hostIp : nextAddress(addresses++)
    const started = pods.update(idOf(pod), (changed) => {
      changed.status = {
        ...changed.status,
        hostIP: hostIp,
        hostIPs: [{ ip: hostIp }],
        podIP: ip,
        podIPs: [{ ip }],
        startTime: formatKubeTime(Date.now()),
        containerStatuses: containers.map((container) => ({ ...makeStatus(pod, container), started: false })),
      }
      changed.status.conditions = podConditions(changed)
    })
    start(started, 'containerStatuses', containers)
    if (activeDeadlineSeconds !== undefined)
      later(pod, activeDeadlineSeconds * 1000, (present) => {
        if (!isOver(present)) endPod(present)
      })
  }
  const endPod = (pod: Pod) => {
    settings.onContainersKilled(idOf(pod))
    pods.update(idOf(pod), (changed) => {
      for (const status of statusesOf(changed)) endState(status, killedExitCode)
      Object.assign(changed.status, {
        phase: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      })
      changed.status.conditions = podConditions(changed)
    })
  }

  return {
    sync(pod) {
      const hostIp = nodeAddresses[pod.spec.nodeName ?? '']
      if (hostIp === undefined || isOver(pod)) return
      if (pod.status.containerStatuses === undefined) startPod(pod, hostIp)
      const known = (pod.status.ephemeralContainerStatuses ?? []).map(({ name }) => name)
      const added = (pod.spec.ephemeralContainers ?? []).filter(({ name }) => !known.includes(name))
      if (added.length === 0) return
      const changed = pods.update(idOf(pod), ({ status }) => {
        status.ephemeralContainerStatuses = [
          ...(status.ephemeralContainerStatuses ?? []),
          ...added.map((container) => makeStatus(pod, container)),
        ]
      })
      start(changed, 'ephemeralContainerStatuses', added)
    },
    terminate(pod, graceSeconds) {
      const id = idOf(pod)
      if (graceSeconds === 0) {
        pods.drop(id)
        return pod
      }
      later(pod, Math.min(graceSeconds * 1000, startDelayMs), () => pods.drop(id))
      return pods.terminate(id, graceSeconds)
    },
    endContainer(id, container, exitCode) {
      settings.onContainersKilled(id, [container])
      pods.update(id, (pod) => {
        for (const status of statusesOf(pod)) if (status.name === container) endState(status, exitCode)
        pod.status.conditions = podConditions(pod)
      })
    },
    close() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

function statusesOf({ status }: Pod): ContainerStatus[] {
  return [...(status.containerStatuses ?? []), ...(status.ephemeralContainerStatuses ?? [])]
}

function makeStatus(pod: Pod, { name, image }: Container): ContainerStatus {
  return { name, state: waitingToStart(pod), lastState: {}, ready: false, restartCount: 0, image, imageID: '' }
}

function setState(pod: Pod, list: StatusList, name: string, state: ContainerState): void {
  const status = pod.status[list]?.find((known) => known.name === name)
  if (status === undefined) return
  status.state = state
  if (state.running !== undefined) {
    status.containerID = makeContainerId(pod, name, 0)
    status.imageID = `${String(status.image).replace(/(:[^/:]+)?(@.*)?$/, '')}@sha256:${makeHexId('image', name)}`
  }
  if (list === 'ephemeralContainerStatuses') return
  status.ready = state.running !== undefined
  status.started = state.running !== undefined
  if (pod.status.containerStatuses?.every((known) => known.state.running !== undefined)) pod.status.phase = 'Running'
  pod.status.conditions = podConditions(pod)
}

function endState(status: ContainerStatus, exitCode: number): void {
  const now = formatKubeTime(Date.now())
  const { running } = status.state
  if (running === undefined) return
  status.ready = false
  if (status.started !== undefined) status.started = false
  status.state = {
    terminated: {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt: running.startedAt,
      finishedAt: now,
      containerID: status.containerID,
    },
  }
}

/** Returns an address outside the ranges of the demo's own pods. */
function nextAddress(serial: number): string {
  return `10.244.${203 + ((serial >> 8) % 50)}.${serial & 0xff}`
}
