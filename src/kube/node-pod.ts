import { randomBytes } from 'node:crypto'
import type { V1Pod } from '@kubernetes/client-node'
import { monotonicClock } from '../base/clock.ts'
import { line } from '../base/hint.ts'
import { KcapError } from '../base/kcap-error.ts'
import { getUserName, mayDo } from './access-review.ts'
import { awaitContainer } from './await-container.ts'
import { changeObject } from './change-object.ts'
import type { ClusterAccess } from './cluster-access.ts'
import {
  type DebugContainerOptions,
  makeNodePod,
  nodeContainerName,
  ownNamePrefix,
  ownSelector,
} from './debug-container.ts'
import { checkExecAllowed } from './exec-channel.ts'
import { makeDenial } from './kube-error.ts'
import { getPod, readPods } from './kube-objects.ts'
import { findContainer } from './pod-containers.ts'

/** Time limit of a deletion: the pod ends by itself anyway. */
const deleteTimeoutMs = 15_000
const deletePauseMs = 1_000
/** Maximum number of deletions at one start; the next start deletes others. */
const mostDeleted = 50

export interface NodePodRun extends Omit<DebugContainerOptions, 'command'> {
  /** Makes the command of the main process, which gets the pod's own name. */
  readonly makeCommand: (name: string) => readonly string[]
  readonly namespace: string
  readonly node: string
  readonly owner: string
  readonly deadlineSeconds: number
  readonly signal: AbortSignal
}

/** A pod of kcap's own that runs on a node. */
export interface NodePod {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  /** Reports whether the pod still runs: it may have ended by itself, or somebody may have deleted it. */
  isRunning(): Promise<boolean>
  /** Deletes the pod; returns whether it could. Never rejects: a pod that can't be deleted ends by itself. */
  close(): Promise<boolean>
}

/**
 * Creates the pod and waits until it runs.
 * @throws {KcapError} api-forbidden, admission-refused — when the API server refuses the pod or exec in it, or the login may not delete it
 * @throws {KcapError} namespace-not-found — when there is no such namespace
 * @throws {KcapError} debug-container-failed — when the pod does not start
 */
export async function createNodePod(access: ClusterAccess, run: NodePodRun): Promise<NodePod> {
  const { namespace, debug, signal } = run
  const name = `${ownNamePrefix}${randomBytes(4).toString('hex')}`
  const close = () => deletePod(access, { namespace, pod: name })
  await Promise.all([
    refuseUndeletable(access, namespace, signal),
    // Without exec the pod would be useless, so check before creating it.
    checkExecAllowed(access, { namespace, pod: name, container: nodeContainerName, signal }),
  ])
  const creation = changeObject<V1Pod>(access, {
    method: 'POST',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    body: makeNodePod({ ...run, name, command: run.makeCommand(name) }),
    action: { verb: 'create', resource: 'pods', namespace },
    signal,
  })
  const created = await creation.catch(async (error: unknown) => {
    // The API server may have received the request all the same.
    if (signal.aborted) await close()
    throw error
  })
  if (created === undefined)
    throw new KcapError('namespace-not-found', `cannot create a pod in "${namespace}": there is no such namespace`, {
      hints: ['--debug-namespace NS', line('kcap', 'list', 'namespaces')],
    })
  try {
    await awaitContainer(access, { namespace, pod: name, container: nodeContainerName, image: debug.image, signal })
  } catch (error) {
    await close()
    throw error
  }
  return {
    namespace,
    pod: name,
    container: nodeContainerName,
    async isRunning() {
      const pod = await getPod(access, namespace, name, signal)
      return pod !== undefined && findContainer(pod, nodeContainerName)?.status?.state?.running !== undefined
    },
    close,
  }
}

/**
 * Refuses a login that may create pods but not delete them: it would leave one behind after each capture.
 * @throws {KcapError} api-forbidden — when the login may create pods, but not delete them
 */
async function refuseUndeletable(access: ClusterAccess, namespace: string, signal: AbortSignal): Promise<void> {
  const right = { verb: 'delete', resource: 'pods', namespace } as const
  const [mayCreate, mayDelete] = await Promise.all([
    mayDo(access, { ...right, verb: 'create' }, signal),
    mayDo(access, right, signal),
  ])
  // A login that may not create pods gets the API server's own refusal.
  if (mayCreate === false || mayDelete !== false) return
  throw makeDenial(right, await getUserName(access, signal))
}

/** Deletes pods that killed captures left in the namespace, and that have ended since. */
export async function deleteEndedNodePods(
  access: ClusterAccess,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const ended: string[] = []
  try {
    for await (const pods of readPods(access, { namespace, labelSelector: ownSelector, signal })) {
      for (const { metadata, status } of pods)
        if (status?.phase === 'Succeeded' || status?.phase === 'Failed') ended.push(metadata?.name ?? '')
      if (ended.length >= mostDeleted) break
    }
  } catch {
    // A login that may not list them leaves them to others.
  }
  await Promise.all(ended.slice(0, mostDeleted).map((pod) => deletePod(access, { namespace, pod })))
}

/** Deletes a pod; returns whether it is gone, or will be. Never rejects: a pod that can't be deleted ends by itself. */
export async function deletePod(
  access: ClusterAccess,
  { namespace, pod }: { namespace: string; pod: string },
): Promise<boolean> {
  const signal = AbortSignal.timeout(deleteTimeoutMs)
  while (!signal.aborted) {
    try {
      await changeObject(access, {
        method: 'DELETE',
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`,
        body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 1 },
        action: { verb: 'delete', resource: 'pods', namespace, name: pod },
        signal,
      })
      return true
    } catch (error) {
      if (error instanceof KcapError && (error.code === 'api-forbidden' || error.code === 'admission-refused'))
        return false
      access.log?.(`cannot delete the pod ${namespace}/${pod}: ${(error as Error).message}`)
      await monotonicClock.sleep(deletePauseMs, signal)
    }
  }
  return false
}
