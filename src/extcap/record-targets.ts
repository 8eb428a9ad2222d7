import { type ClusterName, clusterOf, type RecorderName } from '../base/target.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { findRecord, findRecords } from '../record/find-records.ts'
import { listRecorders } from '../record/list-recorders.ts'
import { type InterfaceReference, isHashedName, isValueOf } from './interface-name.ts'

const loginTimeoutMs = 20_000

/**
 * Returns the recorders of the record that an interface stands for.
 * @throws {KcapError} record-not-found — when it has ended
 */
export async function readRecordTargets(
  { namespace, name, value }: Extract<InterfaceReference, { kind: 'record' }>,
  cluster: ClusterName & { readonly context: string },
  signal: AbortSignal,
): Promise<RecorderName[]> {
  const { context } = cluster
  const access = await openCluster({ ...cluster, signal, timeoutMs: loginTimeoutMs, interactive: false })
  try {
    const found = isHashedName(name)
      ? (await findRecords(access, { namespace, signal })).find((record) =>
          isValueOf(value, { kind: 'record', context, namespace, name: record.name }),
        )
      : undefined
    const record = found ?? (await findRecord(access, name, namespace, signal))
    return listRecorders(record, clusterOf(cluster), undefined)
  } finally {
    access.close()
  }
}
