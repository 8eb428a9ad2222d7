import { KcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { listNames, listPods, type PodRow, readPods } from '../kube/kube-objects.ts'
import { isRunning, listContainers } from '../kube/pod-containers.ts'
import type { ContainerEntry, Entry, GroupEntry, PlaceEntry, PodEntry } from './entry.ts'

/** Maximum number of names of one kind; nobody looks through more. */
const mostNames = 5_000
/** Maximum number of pods to read for their containers, which need whole pods. That list is ten times as long. */
const mostWholePods = 500
const groups = ['svc', 'deploy', 'sts', 'ds', 'job', 'cronjob'] as const

export interface EntryList {
  /** Returns the entries listed so far, in display order. Empty until pods have been listed. */
  entries(): readonly Entry[]
  isComplete(): boolean
  /** Returns the namespace whose pods are listed; undefined means all. */
  namespace(): string | undefined
  /** Settles when the list is complete. Rejects with the error if nothing can be listed. */
  readonly ended: Promise<void>
}

export interface ListEntriesOptions {
  /** Namespace to list; undefined means all, or the context's own if the login may not list all. */
  readonly namespace: string | undefined
  /** Other places to search, known without the cluster. */
  readonly places: readonly PlaceEntry[]
  readonly signal: AbortSignal
  readonly onChange: () => void
}

/** Asks a cluster for everything that can be captured, all kinds at the same time. A kind that the login may not list has no entries. */
export function listEntries(access: ClusterAccess, options: ListEntriesOptions): EntryList {
  const { namespace, places, signal, onChange } = options
  let listed = namespace
  const listPart = async <Part>(list: (namespace: string | undefined) => Promise<Part>): Promise<Part> => {
    try {
      return await list(namespace)
    } catch (error) {
      if (namespace !== undefined || !isForbidden(error)) throw error
      return await list(access.namespace)
    }
  }
  const listPodEntries = async (wanted: string | undefined) => {
    listed = wanted
    return (await listPods(access, { namespace: wanted, signal })).map(makePodEntry)
  }
  const asked: Promise<readonly Entry[]>[] = [
    listPart(listPodEntries),
    ...groups.map((kind) => listPart(async (wanted) => await listGroups(access, kind, wanted, signal))),
    listPart(async (wanted) => await listContainerEntries(access, wanted, signal)),
    listNamespaces(access, namespace, signal),
  ]
  const parts: (readonly Entry[])[] = asked.map(() => [])
  let entries: readonly Entry[] = []
  let hasPods = false
  let isComplete = false
  /** Orders entries: the context's own namespace first, uncapturable pods last. */
  const rank = (entry: Entry) => {
    if (entry.kind === 'pod' && entry.state !== undefined) return 2
    return 'namespace' in entry && entry.namespace === access.namespace ? 0 : 1
  }
  const show = () => {
    // The first line must not move under the user's finger, so wait for the pods, which come first.
    if (hasPods) entries = [...parts.flat(), ...places]
    onChange()
  }
  const settled = asked.map(async (part, index) => {
    try {
      const found = (await part).filter(hasSoundName)
      parts[index] = found.sort((a, b) => rank(a) - rank(b))
    } finally {
      hasPods ||= index === 0
      show()
    }
  })
  const end = async () => {
    const [pods] = await Promise.allSettled(settled)
    isComplete = true
    show()
    if (pods?.status === 'rejected' && !(isForbidden(pods.reason) && parts.flat().length > 0)) throw pods.reason
  }
  return { entries: () => entries, isComplete: () => isComplete, namespace: () => listed, ended: end() }
}

/** States of pods in which a container runs. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
const running = /^(?:Running|NotReady|Init:\d+\/\d+)$/

function makePodEntry({ namespace, name, status }: PodRow): PodEntry {
  return { kind: 'pod', namespace, name, state: status === undefined || running.test(status) ? undefined : status }
}

async function listGroups(
  access: ClusterAccess,
  kind: GroupEntry['kind'],
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<GroupEntry[]> {
  const names = await listNames(access, kind, { namespace, limit: mostNames, signal })
  return names.map((row) => ({ kind, namespace: row.namespace ?? '', name: row.name }))
}

/** Lists the running containers of pods with several. A single container needs no entry, because the pod stands for it. */
async function listContainerEntries(
  access: ClusterAccess,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<ContainerEntry[]> {
  const entries: ContainerEntry[] = []
  let count = 0
  const options = { namespace, fieldSelector: 'status.phase=Running', limit: mostWholePods, signal }
  for await (const pods of readPods(access, options)) {
    for (const pod of pods) {
      const containers = listContainers(pod).filter((one) => one.kind !== 'ephemeral' && isRunning(one))
      if (containers.length < 2 || pod.metadata?.deletionTimestamp !== undefined) continue
      const { name = '', namespace: home = '' } = pod.metadata ?? {}
      for (const { name: container } of containers)
        entries.push({ kind: 'container', namespace: home, name, container })
    }
    count += pods.length
    if (count >= mostWholePods) break
  }
  return entries
}

/** Lists the other namespaces to search. */
async function listNamespaces(
  access: ClusterAccess,
  open: string | undefined,
  signal: AbortSignal,
): Promise<PlaceEntry[]> {
  const names = await listNames(access, 'ns', { limit: mostNames, signal })
  return names.filter(({ name }) => name !== open).map(({ name }) => ({ kind: 'namespace', name }))
}

/** Returns whether the names are safe as words of a command line; a server that is not Kubernetes may send others. */
function hasSoundName(entry: Entry): boolean {
  const names = [
    entry.name,
    'namespace' in entry ? entry.namespace : undefined,
    entry.kind === 'container' ? entry.container : undefined,
  ]
  return names.every((name) => name === undefined || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name))
}

function isForbidden(error: unknown): boolean {
  return error instanceof KcapError && error.code === 'api-forbidden'
}
