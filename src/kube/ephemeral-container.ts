import { randomBytes } from 'node:crypto'
import type { V1Pod } from '@kubernetes/client-node'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import type { WriteLog } from '../base/log.ts'
import { awaitContainer } from './await-container.ts'
import { changeObject } from './change-object.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { type DebugContainerOptions, makeEphemeralContainer, ownNamePrefix } from './debug-container.ts'
import { checkExecAllowed } from './exec-channel.ts'
import { getPod } from './kube-objects.ts'
import { findContainer } from './pod-containers.ts'

export interface EphemeralContainerOptions extends DebugContainerOptions {
  readonly namespace: string
  readonly pod: string
  readonly signal: AbortSignal
  readonly log: WriteLog
}

/**
 * Returns the name of a running debug container in the pod: one that kcap started earlier, or a new one. The container stays in the pod's spec after
 * its end: the API lets nobody remove it.
 * https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
 * @throws {KcapError} pod-not-found — when the pod is gone
 * @throws {KcapError} no-ephemeral-containers — when the cluster has none, or the pod is static
 * @throws {KcapError} api-forbidden, admission-refused — when the API server refuses exec or the container
 * @throws {KcapError} debug-container-failed — when the container does not start
 */
export async function openEphemeralContainer(
  access: ClusterAccess,
  options: EphemeralContainerOptions,
): Promise<string> {
  const { namespace, pod: name, debug, signal } = options
  const known = await getPod(access, namespace, name, signal)
  if (known === undefined)
    throw new KcapError('pod-not-found', `cannot capture "${namespace}/${name}": it has gone meanwhile`, {
      hints: [line('kcap', 'list', 'pods', '-n', namespace)],
    })
  if (known.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined)
    throw refuse(options, 'it is a static pod, which the API cannot change', [])
  const running = findRunning(known, debug.image, debug.privileged)
  if (running !== undefined) return running
  const container = `${ownNamePrefix}${randomBytes(4).toString('hex')}`
  // Nobody can remove the container again, so check first that it is of use.
  await checkExecAllowed(access, { namespace, pod: name, container, signal })
  await addContainer(access, container, options)
  await awaitContainer(access, { namespace, pod: name, container, image: debug.image, signal })
  return container
}

function findRunning(pod: V1Pod, image: string, isPrivileged: boolean): string | undefined {
  return (pod.spec?.ephemeralContainers ?? []).find(
    (container) =>
      container.name.startsWith(ownNamePrefix) &&
      container.image === image &&
      (container.securityContext?.privileged === true) === isPrivileged &&
      findContainer(pod, container.name)?.status?.state?.running !== undefined,
  )?.name
}

async function addContainer(
  access: ClusterAccess,
  container: string,
  options: EphemeralContainerOptions,
): Promise<void> {
  try {
    await patchPod(access, options, makeEphemeralContainer(container, 'least', options))
  } catch (error) {
    // "baseline" refuses the capabilities. The runtime may grant them all the same to a container that asks for none.
    if (!(error instanceof KcapError && error.facts.podSecurityLevel === 'baseline' && !options.debug.privileged))
      throw error
    options.log(`${error.message}; trying with the runtime's own capabilities`)
    await patchPod(access, options, makeEphemeralContainer(container, 'runtime-default', options))
  }
}

async function patchPod(
  access: ClusterAccess,
  { namespace, pod, signal }: EphemeralContainerOptions,
  container: object,
): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/ephemeralcontainers`
  const patched = await changeObject<V1Pod>(access, {
    method: 'PATCH',
    path,
    // As in kubectl debug; the list is merged by name.
    contentType: 'application/strategic-merge-patch+json',
    body: { spec: { ephemeralContainers: [container] } },
    action: { verb: 'patch', resource: 'pods/ephemeralcontainers', namespace, name: pod },
    signal,
  })
  if (patched !== undefined) return
  throw refuse({ namespace, pod }, 'the cluster has no ephemeral containers', [
    'they are there from Kubernetes 1.25 on',
  ])
}

function refuse(
  { namespace, pod }: Pick<EphemeralContainerOptions, 'namespace' | 'pod'>,
  state: string,
  hints: readonly string[],
): KcapError {
  return new KcapError('no-ephemeral-containers', `cannot add a debug container to "${namespace}/${pod}": ${state}`, {
    hints: [...hints, line('kcap', `${namespace}/${pod}`, '--via', 'node-pod')],
  })
}
