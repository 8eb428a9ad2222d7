import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { line } from '../base/hint.ts'
import { KcapError, toKcapError } from '../base/kcap-error.ts'
import { findSimilarNames } from '../base/similar-names.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { ownerAnnotation } from '../kube/debug-container.ts'
import { readJobs, readPods } from '../kube/kube-objects.ts'
import { findContainer } from '../kube/pod-containers.ts'
import { recordLabel, recordSelector } from '../kube/record-labels.ts'
import { recorderContainer } from '../share/recording-protocol.ts'
import { nodeAnnotation, type RecordDescription, recordAnnotation } from './record-objects.ts'

/** Recorder of a node. */
export interface FoundRecorder {
  readonly node: string
  readonly job: string
  /** Pod that runs now; undefined when there is none. */
  readonly pod: string | undefined
  /** `recording`, or why it does not record. */
  readonly state: string
  readonly restarts: number
}

/** A record in a cluster. */
export interface FoundRecord extends RecordDescription {
  readonly name: string
  readonly namespace: string
  readonly owner: string
  readonly startedMs: number
  readonly jobs: readonly string[]
  readonly recorders: readonly FoundRecorder[]
}

/** Maximum number of jobs that are read. */
const mostJobs = 20_000
const maxStateLength = 400
const maxDescriptionLength = 100_000

export interface FindOptions {
  /** Namespace; undefined: all, or that of the context for a login that may not list all. */
  readonly namespace: string | undefined
  /** Name of a single record. */
  readonly name?: string | undefined
  readonly signal: AbortSignal
}

/**
 * Finds the records of a cluster, the newest first.
 * @throws {KcapError} api-* — when the lists fail
 */
export async function findRecords(access: ClusterAccess, options: FindOptions): Promise<FoundRecord[]> {
  const { namespace, name, signal } = options
  try {
    return await findIn(access, namespace, name, signal)
  } catch (error) {
    if (namespace !== undefined || toKcapError(error).code !== 'api-forbidden') throw error
    return await findIn(access, access.namespace, name, signal)
  }
}

/**
 * Finds a record by its name.
 * @throws {KcapError} no-target — when there is none of that name, or it is in several namespaces
 * @throws {KcapError} api-* — when the lists fail
 */
export async function findRecord(
  access: ClusterAccess,
  name: string,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<FoundRecord> {
  const [found, ...others] = await findRecords(access, { namespace, name, signal })
  if (found === undefined) {
    const all = await findRecords(access, { namespace, signal })
    const near = findSimilarNames(
      name,
      all.map((record) => record.name),
    )
    throw new KcapError('record-not-found', `cannot find the record "${name}": the cluster has none of that name`, {
      hints: [...(near.length > 0 ? [`similar records: ${near.join(', ')}`] : []), 'kcap record list -A'],
    })
  }
  if (others.length === 0) return found
  const places = [found, ...others].map((record) => record.namespace)
  throw new KcapError('usage', `cannot choose the record "${name}": several namespaces have one of that name`, {
    hints: places.map((place) => line('-n', place)),
  })
}

async function findIn(
  access: ClusterAccess,
  namespace: string | undefined,
  name: string | undefined,
  signal: AbortSignal,
): Promise<FoundRecord[]> {
  const labelSelector = name === undefined ? recordSelector : `${recordSelector},${recordLabel}=${name}`
  const query = { namespace, labelSelector, signal }
  const jobs: V1Job[] = []
  for await (const page of readJobs(access, query)) {
    jobs.push(...page)
    if (jobs.length > mostJobs)
      throw new KcapError('api-failed', `cannot list the records: there are more than ${mostJobs} jobs of kcap`, {
        hints: ['-n NAMESPACE'],
      })
  }
  if (jobs.length === 0) return []
  const pods = new Map<string, V1Pod>()
  for await (const page of readPods(access, query)) for (const pod of page) keepNewest(pods, pod)
  const records = new Map<string, V1Job[]>()
  for (const job of jobs) {
    const key = `${job.metadata?.namespace}/${job.metadata?.labels?.[recordLabel]}`
    records.set(key, [...(records.get(key) ?? []), job])
  }
  return [...records.values()]
    .flatMap((own) => readRecord(own, pods) ?? [])
    .toSorted((a, b) => b.startedMs - a.startedMs)
}

/** Keeps the pod of a job that runs, or the newest. */
function keepNewest(pods: Map<string, V1Pod>, pod: V1Pod): void {
  const key = `${pod.metadata?.namespace}/${pod.metadata?.labels?.['job-name'] ?? ''}`
  const other = pods.get(key)
  const rank = (one: V1Pod) => (one.status?.phase === 'Running' ? 2 : one.status?.phase === 'Pending' ? 1 : 0)
  if (other === undefined || rank(pod) >= rank(other)) pods.set(key, pod)
}

function readRecord(jobs: readonly V1Job[], pods: ReadonlyMap<string, V1Pod>): FoundRecord | undefined {
  const [first] = jobs
  const name = first?.metadata?.labels?.[recordLabel]
  const description = parseDescription(first?.metadata?.annotations?.[recordAnnotation])
  if (first === undefined || name === undefined || description === undefined) return undefined
  const namespace = first.metadata?.namespace ?? ''
  return {
    ...description,
    name,
    namespace,
    owner: first.metadata?.annotations?.[ownerAnnotation] ?? '',
    startedMs: Math.min(...jobs.map(({ metadata }) => toMs(metadata?.creationTimestamp))),
    jobs: jobs.map(({ metadata }) => metadata?.name ?? ''),
    recorders: jobs
      .map((job) => readRecorder(job, pods.get(`${namespace}/${job.metadata?.name}`)))
      .toSorted((a, b) => (a.node < b.node ? -1 : 1)),
  }
}

function readRecorder(job: V1Job, pod: V1Pod | undefined): FoundRecorder {
  const status = pod && findContainer(pod, recorderContainer)?.status
  const isRunning = status?.state?.running !== undefined && pod?.metadata?.deletionTimestamp === undefined
  return {
    node: job.metadata?.annotations?.[nodeAnnotation] ?? '?',
    job: job.metadata?.name ?? '',
    pod: isRunning ? pod?.metadata?.name : undefined,
    state: isRunning ? (status?.ready === true ? 'recording' : 'starting') : describeState(job, pod),
    restarts: status?.restartCount ?? 0,
  }
}

function describeState(job: V1Job, pod: V1Pod | undefined): string {
  const ended = job.status?.conditions?.find(
    ({ type, status }) => /^(Complete|Failed)$/.test(type) && status === 'True',
  )
  if (ended !== undefined) return ended.reason ?? ended.type
  if (pod === undefined) return 'no pod yet'
  const status = findContainer(pod, recorderContainer)?.status
  const { waiting, terminated = status?.lastState?.terminated } = status?.state ?? {}
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  const [reason, message] = [
    waiting?.reason ?? terminated?.reason ?? unscheduled?.reason ?? pod.status?.reason ?? pod.status?.phase ?? '?',
    // The message of a container that waits for its next start says only that it waits.
    terminated?.message?.trim() ?? waiting?.message ?? unscheduled?.message ?? pod.status?.message,
  ]
  return (message === undefined ? reason : `${reason}: ${findErrorLine(message)}`).slice(0, maxStateLength)
}

/** Returns the error in the last lines of a recorder's output. */
function findErrorLine(text: string): string {
  return /^kcap: error: (.*)$/m.exec(text)?.[1] ?? text.trim().replaceAll('\n', '; ')
}

/** Reads what kcap wrote; anybody may have changed it. */
function parseDescription(text: string | undefined): RecordDescription | undefined {
  if (text === undefined || text.length > maxDescriptionLength) return undefined
  try {
    const { targets, argv, namespaces, keepBytes, untilMs } = JSON.parse(text) as Partial<RecordDescription>
    const areTexts = (list: unknown): list is string[] =>
      Array.isArray(list) && list.every((one) => typeof one === 'string')
    if (typeof targets !== 'string' || !areTexts(argv) || !areTexts(namespaces)) return undefined
    if (typeof keepBytes !== 'number' || typeof untilMs !== 'number') return undefined
    return { targets, argv, namespaces, keepBytes, untilMs }
  } catch {
    return undefined
  }
}

function toMs(time: Date | string | undefined): number {
  return time === undefined ? 0 : new Date(time).getTime()
}
