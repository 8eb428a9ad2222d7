import { hostname } from 'node:os'
import type { V1Pod } from '@kubernetes/client-node'
import { KcapError } from '../base/kcap-error.ts'
import { quote } from '../base/quote.ts'
import type { StartRemoteProcess } from '../base/remote-process.ts'
import { runRemote } from '../capture/run-remote.ts'
import { accountLabel } from '../host/account.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { ownerAnnotation, ownNamePrefix, ownSelector } from '../kube/debug-container.ts'
import { openExecChannel } from '../kube/exec-channel.ts'
import { readPods } from '../kube/kube-objects.ts'
import { deletePod } from '../kube/node-pod.ts'
import { isRunning, listContainers } from '../kube/pod-containers.ts'
import { makeKeptSize, tooManyObjects } from '../kube/read-list.ts'
import { type Leftover, makeCleanupArgv, parseLeftovers } from '../remote/cleanup-script.ts'
import { findRecordLeftovers } from './find-record-leftovers.ts'
import type { CleanupOptions, FoundLeftover } from './leftover.ts'

const lookAtATime = 8

/**
 * Looks everywhere the login may, and removes what kcap created and nobody uses any more.
 * @throws {KcapError} api-failed — when there are more pods than kcap accepts
 * @throws {KcapError} — the error that prevents listing pods
 */
export async function* findLeftovers(access: ClusterAccess, options: CleanupOptions): AsyncGenerator<FoundLeftover> {
  const { namespace, signal } = options
  const own: NodePodFacts[] = []
  const size = makeKeptSize()
  for await (const pods of readPods(access, { namespace, labelSelector: ownSelector, signal })) {
    for (const pod of pods.map(readNodePod)) {
      if (!size.add(pod)) throw tooManyObjects(access, 'pods')
      own.push(pod)
    }
  }
  for (const pod of own) if (!pod.isGoing) yield await takeNodePod(access, pod, options)
  yield* findRecordLeftovers(access, options)
  const ownUids = new Set(own.map(({ uid }) => uid))
  const places: Place[] = []
  let isWhole = true
  // Examine containers only after the whole list is read: each one takes longer than a page may.
  for await (const pods of readPods(access, { namespace, fieldSelector: 'status.phase=Running', signal })) {
    for (const pod of pods.filter(({ metadata }) => !ownUids.has(metadata?.uid))) {
      yield* listEphemeral(pod)
      const found = runningContainers(pod).map((container) => ({ ...nameOf(pod), container }))
      isWhole &&= found.every(size.add)
      if (isWhole) places.push(...found)
    }
    if (!isWhole) break
  }
  if (!isWhole) options.onFailure('the rest', 'there are more containers than kcap takes; -n NAMESPACE leaves fewer')
  for (let at = 0; at < places.length; at += lookAtATime) {
    const found = await Promise.all(
      places.slice(at, at + lookAtATime).map((place) => cleanContainer(access, place, options)),
    )
    yield* found.flat()
  }
}

interface Place {
  readonly namespace: string
  readonly pod: string
  readonly container: string
}

/** Pod that kcap created. */
interface NodePodFacts {
  readonly namespace: string
  readonly pod: string
  readonly uid: string | undefined
  readonly owner: string
  readonly phase: string
  readonly node: string
  readonly isGoing: boolean
}

function nameOf({ metadata }: V1Pod): { namespace: string; pod: string } {
  return { namespace: metadata?.namespace ?? '', pod: metadata?.name ?? '' }
}

function readNodePod(pod: V1Pod): NodePodFacts {
  const { metadata, spec, status } = pod
  return {
    ...nameOf(pod),
    uid: metadata?.uid,
    owner: metadata?.annotations?.[ownerAnnotation] ?? 'nobody known',
    phase: status?.phase ?? 'Unknown',
    node: spec?.nodeName ?? '?',
    isGoing: metadata?.deletionTimestamp !== undefined,
  }
}

async function takeNodePod(
  access: ClusterAccess,
  { namespace, pod, owner, phase, node }: NodePodFacts,
  options: CleanupOptions,
): Promise<FoundLeftover> {
  const what = `pod on node ${node}, ${phase}, made by ${owner}`
  const leftover = { kind: 'node-pod', place: `${namespace}/${pod}`, what } as const
  const hasEnded = phase === 'Succeeded' || phase === 'Failed'
  if (!hasEnded && !options.force && !isOrphan(owner))
    return { ...leftover, what: `${what}; it may be in use, and ends by itself when it is not`, state: 'kept' }
  if (options.dryRun) return { ...leftover, state: 'found' }
  if (await deletePod(access, { namespace, pod })) return { ...leftover, state: 'removed' }
  options.onFailure(leftover.place, 'the pod could not be deleted')
  return { ...leftover, state: 'kept' }
}

/** Returns whether an owner, `USER@HOST PID TIME`, is a process of this machine that no longer exists. */
function isOrphan(owner: string): boolean {
  const [, user, host, pid] = /^(.*)@(\S+) (\d+) /.exec(owner) ?? []
  if (pid === undefined || host !== hostname() || user !== accountLabel()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Yields the ephemeral containers that kcap added. The API lets nobody remove them; listing them explains what they are. */
function* listEphemeral(pod: V1Pod): Generator<FoundLeftover> {
  const { namespace, pod: name } = nameOf(pod)
  for (const container of pod.spec?.ephemeralContainers ?? []) {
    if (!container.name.startsWith(ownNamePrefix)) continue
    const state = pod.status?.ephemeralContainerStatuses?.find((status) => status.name === container.name)?.state
    const what = state?.running === undefined ? 'ended' : 'running, ends by itself when no capture needs it'
    yield {
      kind: 'ephemeral',
      place: `${namespace}/${name} ${container.name}`,
      what: `debug container, ${what}; it stays in the pod's spec until the pod goes`,
      state: 'kept',
    }
  }
}

function runningContainers(pod: V1Pod): string[] {
  return listContainers(pod)
    .filter(isRunning)
    .map(({ name }) => name)
}

async function cleanContainer(
  access: ClusterAccess,
  { container, ...pod }: Place,
  { dryRun, force, signal, onFailure }: CleanupOptions,
): Promise<FoundLeftover[]> {
  const place = `${pod.namespace}/${pod.pod} ${container}`
  try {
    const argv = makeCleanupArgv(dryRun ? 'look' : force ? 'force' : 'remove')
    const start: StartRemoteProcess = (words, startSignal) =>
      openExecChannel(access, { ...pod, container, argv: words, signal: startSignal })
    const { stdout } = await runRemote(start, argv, { signal })
    return parseLeftovers(stdout).map((leftover) => ({
      kind: leftover.kind,
      place,
      what: describe(leftover),
      state: leftover.kind === 'suspect' && !force ? 'kept' : dryRun ? 'found' : 'removed',
    }))
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof KcapError)) throw error
    // Without a shell, kcap has never run anything there.
    if (error.code !== 'no-shell') onFailure(place, error.message)
    return []
  }
}

function describe(leftover: Leftover): string {
  if (leftover.kind === 'suspect')
    return `${leftover.program} with kcap's options and no supervisor, process ${leftover.pid}; its environment is another user's: --force ends it`
  return leftover.kind === 'file'
    ? `uploaded program ${quote(leftover.path)}`
    : `${leftover.program} without a supervisor, process ${leftover.pid} (capture ${leftover.captureId})`
}
