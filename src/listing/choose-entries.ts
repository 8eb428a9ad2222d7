import type { ClusterNames, ListedEntry, ListedPod, ListedWorkload } from './cluster-names.ts'

/**
 * Returns the entries of a cluster in Wireshark's list: each pod, if there are places for all. Else it returns, in this order: recent captures; the
 * pods of the own namespace, or its workloads if those are too many; the workloads of other namespaces; pods without a workload.
 */
export function chooseEntries(
  { pods, hasMore, workloads, ownNamespace }: ClusterNames,
  places: number,
  recent: readonly ListedEntry[],
): ListedEntry[] {
  if (workloads === undefined || workloads.length === 0 || (!hasMore && pods.length <= places))
    return pods.slice(0, places)
  const isOwn = ({ namespace }: ListedEntry) => namespace === ownNamespace
  const byKey = new Map<string, ListedEntry>([...pods, ...workloads].map((entry) => [entryKey(entry), entry]))
  const first = recent.flatMap((entry) => byKey.get(entryKey(entry)) ?? [])
  const ownPods = pods.filter(isOwn)
  const own: readonly ListedEntry[] = first.length + ownPods.length < places ? ownPods : workloads.filter(isOwn)
  const others = workloads.filter((workload) => !isOwn(workload))
  const isSingle = ({ namespace, pod }: ListedPod) =>
    !workloads.some((workload) => workload.namespace === namespace && pod.startsWith(`${workload.name}-`))
  const singles = pods.filter((pod) => isSingle(pod))
  const chosen = new Map([...first, ...own, ...others, ...singles].map((entry) => [entryKey(entry), entry]))
  return [...chosen.values()].slice(0, places)
}

/** Reports whether some of the cluster's pods have no entry of their own. */
export function omitsPods({ pods, hasMore }: ClusterNames, listed: readonly ListedEntry[]): boolean {
  return hasMore || listed.filter(isPodEntry).length < pods.length
}

export function isWorkloadEntry(entry: ListedEntry): entry is ListedWorkload {
  return 'kind' in entry
}

export function isPodEntry(entry: ListedEntry): entry is ListedPod {
  return 'pod' in entry
}

function entryKey(entry: ListedEntry): string {
  return isWorkloadEntry(entry) ? `${entry.namespace}/${entry.kind}/${entry.name}` : `${entry.namespace}/${entry.pod}`
}
