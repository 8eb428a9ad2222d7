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

/** A deletion is tried for no longer than that: the pod ends by itself. */
const deleteTimeoutMs = 15_000
const deletePauseMs = 1_000
/** At one start; the next takes others. */
const mostDeleted = 50

export interface NodePodRun extends Omit<DebugContainerOptions, 'command'> {
  /** Its main process, told the pod's own name. */
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
  /** It may have ended by itself since, or be deleted by somebody. */
  isRunning(): Promise<boolean>
  /** Deletes it; returns whether it could be. Never rejects: what could not be deleted ends by itself. */
  close(): Promise<boolean>
}

/** Creates the pod and waits until it runs. Throws `api-forbidden`, `admission-refused`, `debug-container-failed`. */
export async function createNodePod(access: ClusterAccess, run: NodePodRun): Promise<NodePod> {
  const { namespace, debug, signal } = run
  const name = `${ownNamePrefix}${randomBytes(4).toString('hex')}`
  const close = () => deletePod(access, { namespace, pod: name })
  await Promise.all([
    refuseUndeletable(access, namespace, signal),
    // Its exec would be refused when it runs: nothing is created in vain.
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
    // The API server may have heard of it all the same.
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

/** @throws {KcapError} api-forbidden — when the login may create pods but not delete them, and would leave one behind after each capture */
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

/** What killed captures have left in the namespace, and has ended since. */
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
    // Whoever may not list them leaves them to others.
  }
  await Promise.all(ended.slice(0, mostDeleted).map((pod) => deletePod(access, { namespace, pod })))
}

/** Returns whether it is gone, or will be. Never rejects: what can't be deleted ends by itself. */
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
