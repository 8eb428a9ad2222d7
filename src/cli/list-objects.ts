import type { ClusterAccess } from '../kube/cluster-access.ts'
import { type ObjectTable, type ReadTableOptions, readTable, type TableRow } from '../kube/read-table.ts'
import { type ResourceKind, resourceKinds } from '../kube/resource-kinds.ts'
import { type ListColumn, type ListRow, type ListTable, makeKey } from './list-row.ts'

/** Lists objects of a kind in the columns of `kubectl get`. In the wide form, pods also show their containers. */
export async function listObjects(
  access: ClusterAccess,
  kind: ResourceKind,
  options: ReadTableOptions,
): Promise<ListTable> {
  const withContainers = kind === 'pod' && options.detail === 'wide'
  const table = await readTable(access, resourceKinds[kind], { ...options, withContainers })
  const { isNamespaced } = resourceKinds[kind]
  const own = table.columns.map(({ name, priority }) => ({
    key: makeKey(name),
    title: name.toUpperCase(),
    isWide: priority > 0,
  }))
  const columns: ListColumn[] = [
    ...(isNamespaced && options.namespace === undefined ? [{ key: 'namespace', title: 'NAMESPACE' }] : []),
    ...own,
    ...(withContainers ? [{ key: 'containers', title: 'CONTAINERS', isWide: true }] : []),
  ]
  return {
    columns,
    count: table.rows.length,
    *rows() {
      for (const row of table.rows) yield makeRow(table, row, { isNamespaced, withContainers })
    },
    nameOf({ namespace, name }) {
      if (kind === 'pod') return `${namespace}/${name}`
      const isElsewhere = isNamespaced && options.namespace === undefined
      return `${isElsewhere ? `${namespace}/` : ''}${nameObject(kind, String(name))}`
    },
    noneText: describeNone(isNamespaced ? options.namespace : undefined),
  }
}

function makeRow(
  { columns }: ObjectTable,
  { name, namespace, cells = [], containers = [] }: TableRow,
  { isNamespaced, withContainers }: { readonly isNamespaced: boolean; readonly withContainers: boolean },
): ListRow {
  return {
    ...(isNamespaced && { namespace }),
    name,
    ...Object.fromEntries(columns.map((column, i) => [makeKey(column.name), cells[i] ?? ''])),
    ...(withContainers && { containers }),
  }
}

/** Returns kubectl's notice for an empty list. */
export function describeNone(namespace: string | undefined): string {
  return namespace === undefined ? 'No resources found' : `No resources found in ${namespace} namespace.`
}

/** Returns the object as a target, or its bare name if it cannot be one. */
function nameObject(kind: ResourceKind, name: string): string {
  return kind === 'ns' ? name : `${kind}/${name}`
}
