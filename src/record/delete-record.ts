import { monotonicClock } from '../base/clock.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { readPods } from '../kube/kube-objects.ts'
import { recordLabel, recordSelector } from '../kube/record-labels.ts'
import { forEachAtATime } from './at-a-time.ts'
import type { FoundRecord } from './find-records.ts'
import { accountName } from './record-objects.ts'
import { isNotFound, type TypedClients } from './typed-clients.ts'

/** Time that recorders have to end: their grace period, and what the kubelet takes. */
const endTimeoutMs = 120_000
const pauseMs = 500

/**
 * Deletes everything that a record consists of, and waits until its pods have gone. Returns the number of pods that have not gone within two minutes.
 * @throws {KcapError} api-* — when an object can't be deleted
 */
export async function deleteRecord(
  clients: TypedClients,
  access: ClusterAccess,
  { name, namespace, namespaces, jobs }: FoundRecord,
  signal: AbortSignal,
): Promise<number> {
  const { core, batch, rbac } = clients
  const body = { propagationPolicy: 'Background' }
  await forEachAtATime(jobs, async (job) => {
    await batch.deleteNamespacedJob({ namespace, name: job, body }).catch(ignoreGone)
  })
  const account = accountName(name)
  await forEachAtATime(namespaces, async (place) => {
    await rbac.deleteNamespacedRoleBinding({ namespace: place, name: account }).catch(ignoreGone)
    await rbac.deleteNamespacedRole({ namespace: place, name: account }).catch(ignoreGone)
  })
  if (namespaces.length > 0) await core.deleteNamespacedServiceAccount({ namespace, name: account }).catch(ignoreGone)
  const startedMs = monotonicClock.nowMs()
  for (;;) {
    const left = await countPods(access, namespace, name, signal)
    if (left === 0 || monotonicClock.nowMs() - startedMs > endTimeoutMs) return left
    await monotonicClock.sleep(pauseMs, signal)
    signal.throwIfAborted()
  }
}

async function countPods(access: ClusterAccess, namespace: string, name: string, signal: AbortSignal): Promise<number> {
  let count = 0
  const labelSelector = `${recordSelector},${recordLabel}=${name}`
  for await (const pods of readPods(access, { namespace, labelSelector, signal })) count += pods.length
  return count
}

function ignoreGone(error: unknown): void {
  if (!isNotFound(error)) throw error
}
