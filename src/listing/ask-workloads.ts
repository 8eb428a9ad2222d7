import type { ClusterAccess } from '../kube/cluster-access.ts'
import { type ObjectTable, readTable } from '../kube/read-table.ts'
import { resourceKinds } from '../kube/resource-kinds.ts'
import {
  isNamespaceName,
  isPodName,
  type ListedWorkload,
  type ListedWorkloadKind,
  listedWorkloadKinds,
} from './cluster-names.ts'

/** Maximum number of workloads read of each kind; no list of Wireshark has more. */
const mostWorkloads = 500

/** Column with the number of a workload's pods: `2/3`, or the desired number. */
const countColumns: Readonly<Record<ListedWorkloadKind, string>> = { deploy: 'Ready', sts: 'Ready', ds: 'Desired' }

/**
 * Returns the workloads that have pods, in these namespaces, or in all when they are undefined. Returns none of a kind that the login may not list.
 * The own namespace is complete, however many workloads the others have.
 */
export async function askWorkloads(
  access: ClusterAccess,
  namespaces: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<ListedWorkload[]> {
  const ask = async (kind: ListedWorkloadKind, namespace?: string) => {
    const options = { namespace, detail: 'usual' as const, limit: mostWorkloads, signal }
    return pickWorkloads(kind, await readTable(access, resourceKinds[kind], options))
  }
  const lists = await Promise.all(
    listedWorkloadKinds.map(async (kind) => {
      try {
        if (namespaces !== undefined)
          return (await Promise.all(namespaces.map(async (namespace) => await ask(kind, namespace)))).flat()
        const all = await ask(kind)
        if (all.length < mostWorkloads) return all
        const others = all.filter(({ namespace }) => namespace !== access.namespace)
        return [...(await ask(kind, access.namespace)), ...others]
      } catch {
        signal.throwIfAborted()
        return []
      }
    }),
  )
  return lists.flat()
}

function pickWorkloads(kind: ListedWorkloadKind, { columns, rows }: ObjectTable): ListedWorkload[] {
  const column = columns.findIndex(({ name }) => name === countColumns[kind])
  return rows.flatMap(({ namespace, name, cells }) => {
    const podCount = Number(/\d+$/.exec(cells?.[column] ?? '')?.[0] ?? Number.NaN)
    return isNamespaceName(namespace) && isPodName(name) && podCount > 0 ? [{ kind, namespace, name, podCount }] : []
  })
}
