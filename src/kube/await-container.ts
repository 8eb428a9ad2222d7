import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { type Clock, monotonicClock } from '../base/clock.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { getPod } from './kube-objects.ts'
import { findContainer } from './pod-containers.ts'

/** Time limit of the start: enough for an image of 200 MB over a slow line. */
const startTimeoutMs = 180_000
const firstPauseMs = 100
const longestPauseMs = 1_000
/** Reasons that end the wait. The kubelet retries a failed pull; one that failed twice has no chance any more. */
const finalReasons = new Set([
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])

export interface AwaitedContainer {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly image: string
  readonly signal: AbortSignal
  readonly clock?: Clock
}

/**
 * Waits until a container that was just created runs.
 * @throws {KcapError} debug-container-failed — when it does not start
 * @throws {KcapError} pod-not-found — when its pod is gone
 */
export async function awaitContainer(access: ClusterAccess, awaited: AwaitedContainer): Promise<void> {
  const { namespace, pod: name, container, signal, clock = monotonicClock } = awaited
  const startedMs = clock.nowMs()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const pod = await getPod(access, namespace, name, signal)
    if (pod === undefined)
      throw new KcapError('pod-not-found', `cannot capture "${namespace}/${name}": it has gone meanwhile`, {
        hints: [line('kcap', 'list', 'pods', '-n', namespace)],
      })
    const status = findContainer(pod, container)?.status
    if (status?.state?.running !== undefined) return
    const state = describeState(pod, status)
    if (state.isFinal || clock.nowMs() - startedMs > startTimeoutMs) throw failed(awaited, state.text)
    await clock.sleep(pauseMs, signal)
    signal.throwIfAborted()
  }
}

function describeState(
  { status: podStatus }: V1Pod,
  status: V1ContainerStatus | undefined,
): { text: string; isFinal: boolean } {
  const { waiting, terminated } = status?.state ?? {}
  if (terminated !== undefined)
    return {
      text: `it ended at once, with exit code ${terminated.exitCode} (${terminated.reason ?? 'no reason'})`,
      isFinal: true,
    }
  if (podStatus?.phase === 'Failed' || podStatus?.phase === 'Succeeded')
    return { text: `${podStatus.reason ?? podStatus.phase}: ${podStatus.message ?? ''}`, isFinal: true }
  const text = [waiting?.reason ?? podStatus?.phase ?? 'it has no state', waiting?.message]
    .filter((part) => part !== undefined)
    .join(': ')
  return { text, isFinal: finalReasons.has(waiting?.reason ?? '') }
}

function failed({ namespace, pod, container, image }: AwaitedContainer, state: string): KcapError {
  const isPull = /image|pull/i.test(state)
  return new KcapError(
    'debug-container-failed',
    `cannot start the debug container "${container}" in "${namespace}/${pod}": ${state.slice(0, 400)}`,
    {
      hints: [
        ...(isPull ? [`an image the node can pull, with sh, tcpdump and nsenter: --debug-image REGISTRY/IMAGE`] : []),
        line('kubectl', 'get', 'events', '-n', namespace, '--field-selector', `involvedObject.name=${pod}`),
        ...(isPull ? [`it is ${image} unless --debug-image or the config (debug.image) names another`] : []),
      ],
    },
  )
}
