import { toKcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { collectList } from '../kube/kube-objects.ts'
import { recordLabel, recordNamespaceLabel, recordSelector } from '../kube/record-labels.ts'
import { resourceKinds } from '../kube/resource-kinds.ts'
import { isNamespaceName, isPodName, type ListedRecord } from './cluster-names.ts'

/** Maximum number of recorders that are looked at. */
const mostRecorders = 2_000
/** Maximum number of records: Wireshark 4.0 takes 28 ms for each. */
const mostRecords = 10

/**
 * Lists the records that run in a cluster, or in the namespaces that a login may see. Lists none when it may not look.
 * @throws {KcapError} api-* — when a request fails
 */
export async function askRecords(
  access: ClusterAccess,
  ownNamespaces: readonly string[],
  signal: AbortSignal,
): Promise<ListedRecord[]> {
  try {
    return await findIn(access, undefined, signal)
  } catch (error) {
    if (toKcapError(error).code !== 'api-forbidden') throw error
    const namespaces = [...new Set([access.namespace, ...ownNamespaces])]
    const found = await Promise.all(namespaces.map((namespace) => findIn(access, namespace, signal).catch(() => [])))
    return found.flat().slice(0, mostRecords)
  }
}

async function findIn(
  access: ClusterAccess,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<ListedRecord[]> {
  const options = {
    namespace,
    labelSelector: recordSelector,
    fieldSelector: 'status.phase=Running',
    limit: mostRecorders,
    signal,
  }
  const found = await collectList(access, resourceKinds.pod, options, ({ object, metadata = object?.metadata }) => {
    const { [recordLabel]: name, [recordNamespaceLabel]: home } = metadata?.labels ?? {}
    return isPodName(name) && isNamespaceName(home) ? `${home}/${name}` : undefined
  })
  return [...new Set(found)].slice(0, mostRecords).map((text) => {
    const [home = '', name = ''] = text.split('/')
    return { namespace: home, name }
  })
}
