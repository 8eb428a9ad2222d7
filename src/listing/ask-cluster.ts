import { KcapError } from '../base/kcap-error.ts'
import { type ClusterAccess, openCluster } from '../kube/cluster-access.ts'
import { othersSelector } from '../kube/debug-container.ts'
import { listNames, listPods } from '../kube/kube-objects.ts'
import type { Kubeconfig } from '../kube/kubeconfig.ts'
import type { ListSettings } from '../settings/settings.ts'
import { askObjects } from './ask-objects.ts'
import { askRecords } from './ask-records.ts'
import { askWorkloads } from './ask-workloads.ts'
import { isPodEntry } from './choose-entries.ts'
import { type ClusterNames, isNamespaceName, isPodName, type ListedEntry, type ListedPod } from './cluster-names.ts'

/**
 * Maximum number of namespaces: more than a cluster can have.
 * https://github.com/kubernetes/community/blob/main/sig-scalability/configs-and-limits/thresholds.md
 */
const maxNamespaces = 10_000
const none: FoundPods = { pods: [], hasMore: false, namespaces: undefined }

export interface AskOptions {
  /** Kubeconfig; default: as kubectl would read it. */
  readonly config?: Kubeconfig
  readonly list: ListSettings
  readonly signal: AbortSignal
  /** Time limit of the credential plugin, which never gets a terminal; it is then killed. */
  readonly loginTimeoutMs: number
  readonly killDelayMs?: number
  /** Whether to list services, workloads and nodes, too. */
  readonly withObjects?: boolean
  /** Number of pods above which workloads stand for them; undefined: only pods are wanted. */
  readonly foldAbove?: number
  /** Recent captures; when there are many pods, these must be among those that are found. */
  readonly recent?: readonly ListedEntry[]
}

/**
 * Lists the running pods of a context's cluster, those of the context's own namespace first, up to the limit; and its namespaces. A login that may
 * not see the whole cluster gets the contents of the namespaces that it is known to use.
 * @throws {KcapError} any code — when nothing can be listed; the error says why
 */
export async function askCluster(
  context: string,
  ownNamespaces: readonly string[],
  options: AskOptions,
): Promise<ClusterNames> {
  const { config, signal, loginTimeoutMs, killDelayMs } = options
  const access = await openCluster({
    ...(config !== undefined && { config }),
    context,
    signal,
    timeoutMs: loginTimeoutMs,
    interactive: false,
    ...(killDelayMs !== undefined && { killDelayMs }),
  })
  try {
    const [found, records, namespaces, objects] = await Promise.all([
      findPods(access, ownNamespaces, options),
      askRecords(access, ownNamespaces, signal),
      findNamespaces(access, options),
      options.withObjects ? askObjects(access, ownNamespaces, signal) : undefined,
    ])
    const own = (entry: ListedEntry) => Number(entry.namespace === access.namespace)
    const pods = found.pods.sort(
      (a, b) => own(b) - own(a) || compare(a.namespace, b.namespace) || compare(a.pod, b.pod),
    )
    const { maxPods } = options.list
    const folded = isFolded(found, options) ? await foldPods(access, found, options) : undefined
    const listed = [...pods.slice(0, maxPods), ...(folded?.recentPods ?? [])]
    return {
      pods: listed,
      hasMore: found.hasMore || pods.length > maxPods,
      ...(folded !== undefined && { workloads: folded.workloads.sort((a, b) => own(b) - own(a)) }),
      namespaces:
        namespaces ?? [...new Set([access.namespace, ...ownNamespaces, ...pods.map((pod) => pod.namespace)])].sort(),
      ownNamespace: access.namespace,
      ...(objects !== undefined && { objects }),
      ...(records.length > 0 && { records }),
    }
  } finally {
    access.close()
  }
}

interface FoundPods {
  readonly pods: ListedPod[]
  readonly hasMore: boolean
  /** Namespaces that were searched; undefined: all namespaces. */
  readonly namespaces: readonly string[] | undefined
}

/** Reports whether workloads stand for the pods. With a selector they can't: a workload also has pods that the selector leaves out. */
function isFolded({ pods, hasMore }: FoundPods, { foldAbove, list }: AskOptions): boolean {
  return foldAbove !== undefined && list.selector === undefined && (hasMore || pods.length > foldAbove)
}

/** Finds the workloads, and recently captured pods that are not among those that were found. */
async function foldPods(access: ClusterAccess, found: FoundPods, options: AskOptions) {
  const { recent = [], signal } = options
  const isFound = (entry: ListedPod) =>
    found.pods.some(({ namespace, pod }) => namespace === entry.namespace && pod === entry.pod)
  const missing = recent.filter(isPodEntry).filter((pod) => !isFound(pod))
  const [workloads, ...recentPods] = await Promise.all([
    askWorkloads(access, found.namespaces, signal),
    ...missing.map(async ({ namespace, pod }) => await findPodsIn(access, namespace, options, pod).catch(() => none)),
  ])
  return { workloads, recentPods: recentPods.flatMap(({ pods }) => pods) }
}

async function findPods(
  access: ClusterAccess,
  ownNamespaces: readonly string[],
  options: AskOptions,
): Promise<FoundPods> {
  const wanted = options.list.namespaces
  if (wanted !== undefined) return await findPodsOf(access, wanted, options)
  try {
    const all = await findPodsIn(access, undefined, options)
    if (!all.hasMore) return all
    // The pods of the own namespace are the last to be left out.
    const own = await findPodsIn(access, access.namespace, options)
    const others = all.pods.filter(({ namespace }) => namespace !== access.namespace)
    return { pods: [...own.pods, ...others], hasMore: true, namespaces: undefined }
  } catch (error) {
    if (!isForbidden(error)) throw error
    return await findPodsOf(access, [...new Set([access.namespace, ...ownNamespaces])], options)
  }
}

/** Finds the pods of several namespaces. Leaves out namespaces that the login may not see, unless it may see none. */
async function findPodsOf(
  access: ClusterAccess,
  namespaces: readonly string[],
  options: AskOptions,
): Promise<FoundPods> {
  const answers = await Promise.allSettled(namespaces.map((namespace) => findPodsIn(access, namespace, options)))
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  const failure = answers.find((answer) => answer.status === 'rejected' && !isForbidden(answer.reason))
  const refusal = found.length === 0 ? answers[0] : failure
  if (refusal?.status === 'rejected') throw refusal.reason
  return { pods: found.flatMap(({ pods }) => pods), hasMore: found.some(({ hasMore }) => hasMore), namespaces }
}

async function findPodsIn(
  access: ClusterAccess,
  namespace: string | undefined,
  { list, signal }: AskOptions,
  name?: string,
): Promise<FoundPods> {
  if (list.maxPods === 0) return none
  const rows = await listPods(access, {
    namespace,
    labelSelector: list.selector === undefined ? othersSelector : `${list.selector},${othersSelector}`,
    fieldSelector: name === undefined ? 'status.phase=Running' : `metadata.name=${name},status.phase=Running`,
    limit: list.maxPods + 1,
    signal,
  })
  const pods = rows
    // The API also calls a pod "Running" while its containers crash; the column of the Table distinguishes them.
    .filter(({ status }) => status === undefined || status === 'Running')
    .map(({ namespace, name }) => ({ namespace, pod: name }))
    .filter(({ namespace, pod }) => isNamespaceName(namespace) && isPodName(pod))
  return { pods, hasMore: rows.length > list.maxPods, namespaces: undefined }
}

/** Lists the namespaces; returns undefined when the login may not list them. */
async function findNamespaces(access: ClusterAccess, { list, signal }: AskOptions): Promise<string[] | undefined> {
  if (list.namespaces !== undefined) return [...list.namespaces]
  try {
    const names = await listNames(access, 'ns', { limit: maxNamespaces, signal })
    return names.map(({ name }) => name).filter(isNamespaceName)
  } catch (error) {
    if (isForbidden(error)) return undefined
    throw error
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof KcapError && error.code === 'api-forbidden'
}

/** Compares bytewise, as the API and Wireshark sort: the order must not depend on the user's language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
