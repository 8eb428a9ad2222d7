import { setTimeout as sleep } from 'node:timers/promises'
import { KcapError } from '../base/kcap-error.ts'
import type { ClusterAccess } from '../kube/cluster-access.ts'
import { openCluster } from '../kube/cluster-access.ts'
import { listPods, type PodRow } from '../kube/kube-objects.ts'
import { findContext, loadKubeconfig } from '../kube/kubeconfig.ts'
import {
  type ExtcapInterface,
  foldValue,
  formatInterfaceDisplay,
  formatInterfaceValue,
  withHash,
} from './interface-name.ts'
import { formatSentence } from './sentence.ts'

/** Wireshark waits for the list before it shows its window. */
const listTimeoutMs = 1_400
/** Wireshark starts us twice for each interface of the list. */
const maxListedPods = 50

/** `extcap` and `interface` sentences. A cluster that can't be asked is still listed by its name. */
export async function formatInterfaces(version: string): Promise<string> {
  const { items, currentContext } = await findInterfaces()
  return formatInterfaceList(items, currentContext, version)
}

export function formatInterfaceList(
  items: readonly ExtcapInterface[],
  currentContext: string | undefined,
  version: string,
): string {
  const used = new Set<string>()
  const lines = items.map((item) => {
    const plain = formatInterfaceValue(item)
    const value = used.has(foldValue(plain)) ? withHash(plain) : plain
    used.add(foldValue(value))
    return formatSentence('interface', { value, display: formatInterfaceDisplay(item, currentContext) })
  })
  return formatSentence('extcap', { version, display: 'kcap' }) + lines.join('')
}

async function findInterfaces(): Promise<{ items: ExtcapInterface[]; currentContext: string | undefined }> {
  const always: ExtcapInterface[] = [{ kind: 'ssh' }, { kind: 'demo' }]
  let context: string
  try {
    context = findContext(loadKubeconfig(), undefined).name
  } catch {
    return { items: always, currentContext: undefined }
  }
  // A limit of its own: a credential plugin whose children hold its pipes outlives the one below.
  const late = sleep<PodRow[]>(listTimeoutMs, [], { ref: false })
  const pods = await Promise.race([listRunningPods(context).catch(() => []), late])
  const items: ExtcapInterface[] = pods.map(({ namespace, name }) => ({ kind: 'pod', context, namespace, pod: name }))
  return { items: [...items, { kind: 'cluster', context }, ...always], currentContext: context }
}

async function listRunningPods(context: string): Promise<PodRow[]> {
  const signal = AbortSignal.timeout(listTimeoutMs)
  const access = await openCluster({ context, signal, timeoutMs: listTimeoutMs, interactive: false })
  try {
    const rows = await listPermittedPods(access, signal)
    const own = (row: PodRow) => Number(row.namespace === access.namespace)
    return rows
      .filter((row) => row.status === undefined || row.status === 'Running')
      .sort((a, b) => own(b) - own(a) || a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name))
      .slice(0, maxListedPods)
  } finally {
    access.close()
  }
}

/** Of all namespaces, or of the context's for a login that may see only that. */
async function listPermittedPods(access: ClusterAccess, signal: AbortSignal): Promise<PodRow[]> {
  const options = { fieldSelector: 'status.phase=Running', signal }
  try {
    return await listPods(access, options)
  } catch (error) {
    if (!(error instanceof KcapError && error.code === 'api-forbidden')) throw error
    return await listPods(access, { ...options, namespace: access.namespace })
  }
}
