import { setTimeout as sleep } from 'node:timers/promises'
import type { CaptureRequest } from '../base/capture-request.ts'
import type { WriteLog } from '../base/log.ts'
import type { PodTarget, Target } from '../base/target.ts'
import { followAddressNames } from '../kube/address-names.ts'
import type { ClusterPool } from '../kube/cluster-pool.ts'
import type { CaptureWriter } from './capture-writer.ts'

/** Longest wait for resolved names: a capture program takes about as long to start, and users should not wait for packets because of names. */
const patienceMs = 1_000

/** Maximum number of namespaces watched in one context; each costs two watches. */
const mostNamespaces = 50

export interface WriteNamesOptions {
  readonly request: CaptureRequest
  readonly clusters: ClusterPool
  readonly writer: CaptureWriter
  readonly fail: (error: unknown) => void
  readonly signal: AbortSignal
  readonly log: WriteLog
}

/**
 * Writes the resolved names of the targets' namespaces into the stream, now and when they change. Settles when packets may follow: the current names
 * are written, or are late.
 */
export async function writeNames(targets: readonly Target[], options: WriteNamesOptions): Promise<void> {
  const { request, clusters, writer, fail, signal, log } = options
  if (!request.names || request.format === 'pcap') return
  const everywhere = request.targets.some((name) => name.kind === 'pods' && name.allNamespaces)
  const pods = targets.filter((target): target is PodTarget => target.kind === 'pod')
  const contexts = new Map(pods.map((pod) => [pod.context, pod.cluster]))
  const known = [...contexts].map(async ([context, cluster]) => {
    const own = pods.filter((pod) => pod.context === context).map(({ namespace }) => namespace)
    const namespaces = everywhere ? [undefined] : [...new Set(own)].slice(0, mostNamespaces)
    await followAddressNames(await clusters.open(cluster), {
      namespaces,
      take: (names) => writer.addNames(names).catch(fail),
      signal,
      log,
    })
  })
  const all = Promise.all(known).catch((error: Error) => log(`no names: ${error.message}`))
  await Promise.race([all, sleep(patienceMs, undefined, { ref: false })])
}
