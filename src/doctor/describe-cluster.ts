import { toKcapError } from '../base/kcap-error.ts'
import { isPodEntry, isWorkloadEntry, omitsPods } from '../listing/choose-entries.ts'
import type { ListedEntry } from '../listing/cluster-names.ts'
import type { Listing } from '../listing/read-listing.ts'

/** Returns what Wireshark's list shows of a cluster, or why it shows nothing. */
export function describeCluster(cluster: Listing['clusters'][number]): { text: string; hints: readonly string[] } {
  const { context, state, names, listed, tookMs, error } = cluster
  if (state === 'answered') {
    const text = `${context}: ${countListed(listed)} in ${(tookMs / 1000).toFixed(2)} s`
    const isCut = names !== undefined && omitsPods(names, listed)
    return { text: isCut ? `${text}; ${explainCut(context, listed)}` : text, hints: [] }
  }
  if (error === undefined) return { text: `${context}: no answer in ${Math.round(tookMs / 1000)} s`, hints: [] }
  const { message, hints } = toKcapError(error)
  return { text: `${context}: ${message}`, hints: hints.slice(0, 1) }
}

function countListed(listed: readonly ListedEntry[]): string {
  const pods = listed.filter(isPodEntry).length
  const workloads = listed.filter(isWorkloadEntry)
  const standFor = workloads.reduce((sum, { podCount }) => sum + podCount, 0)
  return [
    ...(pods > 0 || workloads.length === 0 ? [`${pods} pods`] : []),
    ...(workloads.length > 0 ? [`${workloads.length} workloads with ${standFor} pods`] : []),
  ].join(', ')
}

/** Explains a shortened list. A higher limit costs Wireshark's own time, measured with 4.0 to 4.6. */
function explainCut(context: string, listed: readonly ListedEntry[]): string {
  const folded = listed.some(isWorkloadEntry) ? 'workloads stand for their pods' : 'other pods are left out'
  return `${folded}, "kcap: cluster ${context}" reaches all; list.maxPods in the config lists more, each hundred for about 3 s of Wireshark's start`
}
